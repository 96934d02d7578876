import {
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeEngine } from './fake/fake-engine.js';
import type { BuildRequest, BuildSink } from './build-engine.js';
import { InvalidLayout, describeLayout } from './layout.js';

let folder = '';
let layout = '';
const sink: BuildSink = { stepStarted: () => undefined, stepEnded: () => undefined, output: () => undefined };

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'nohands-layout-'));
  layout = join(folder, 'layout');
  const request = { layoutDirectory: layout, buildId: 1, labels: {} } as BuildRequest;
  await new FakeEngine({ steps: [] }).build(request, sink, new AbortController().signal);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

type Descriptor = { digest: string; size: number; mediaType: string };
function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(path, 'utf8')) as T;
}
function blob(digest: string): string {
  return join(layout, 'blobs', 'sha256', digest.slice(7));
}
function root(): Descriptor {
  const [first] = readJson<{ manifests: Descriptor[] }>(join(layout, 'index.json')).manifests;
  if (first === undefined) throw new Error('no manifest');
  return first;
}
function layer(): string {
  const [first] = readJson<{ layers: Descriptor[] }>(blob(root().digest)).layers;
  return blob(first?.digest ?? '');
}

describe(describeLayout.name, () => {
  it('gives the digest of the manifest and the size of all it names', async () => {
    const sizes = readdirSync(join(layout, 'blobs', 'sha256')).map(
      (name) => readFileSync(join(layout, 'blobs', 'sha256', name)).length,
    );
    const size = sizes.reduce((sum, bytes) => sum + bytes, 0);
    expect(await describeLayout(layout)).toEqual({ digest: root().digest, size, layoutDirectory: layout });
  });

  const spoiled: Record<string, () => void> = {
    'a changed manifest': () =>
      writeFileSync(blob(root().digest), readFileSync(blob(root().digest), 'utf8').replace('{', '{ ')),
    'a shortened layer': () => truncateSync(layer(), 100),
    'a missing layer': () => rmSync(layer()),
    'a layer that is a link': () => {
      rmSync(layer());
      symlinkSync('/etc/hostname', layer());
    },
    'an index with two images': () =>
      writeFileSync(join(layout, 'index.json'), JSON.stringify({ manifests: [root(), root()] })),
    'a digest that is a path': () =>
      writeFileSync(
        join(layout, 'index.json'),
        JSON.stringify({ manifests: [{ ...root(), digest: 'sha256:../../../etc/passwd' }] }),
      ),
    'no version': () => rmSync(join(layout, 'oci-layout')),
    'broken JSON': () => writeFileSync(join(layout, 'index.json'), '{'),
  };
  for (const [what, spoil] of Object.entries(spoiled)) {
    it(`refuses ${what}`, async () => {
      spoil();
      await expect(describeLayout(layout)).rejects.toThrow(InvalidLayout);
    });
  }
});
