import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const root = new URL('../../', import.meta.url).pathname;
const committed = join(root, 'libs/api-client/src/generated');

async function readTree(folder: string): Promise<Record<string, string>> {
  const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.ts')).sort();
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name), 'utf8')])),
  );
}

it('the committed client is what the committed document gives: after a change run `npm run generate`', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'nohands-client-'));
  try {
    const settings = JSON.parse(
      await readFile(new URL('ng-openapi-gen.json', import.meta.url), 'utf8'),
    ) as object;
    const config = join(folder, 'config.json');
    const input = join(root, 'libs/api-client/openapi.json');
    const output = join(folder, 'generated');
    await writeFile(config, JSON.stringify({ ...settings, $schema: undefined, input, output }));
    await promisify(execFile)(process.execPath, [
      join(root, 'node_modules/ng-openapi-gen/lib/index.js'),
      '--config',
      config,
    ]);
    expect(await readTree(output)).toEqual(await readTree(committed));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
