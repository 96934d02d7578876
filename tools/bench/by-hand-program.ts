/**
 * The reference, in a process of its own: check out, engine, copy of the layout with SHA-256; nothing else. Talks over
 * the IPC channel of `fork`: `ByHandOrder` in, `ByHandAnswer` out, one at a time.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import type { BuildEngine, BuildRequest, BuildSink } from '@nohands/engine';
import { makeBareEngine, type BenchEngine } from './bench-engine.ts';
import { firstLine } from './bench-repository.ts';

export type ByHandSettings = {
  readonly engine: BenchEngine;
  /** Absolute; made and used by this process alone. */
  readonly folder: string;
  /** The bare repository that the product checks out from as well. */
  readonly mirror: string;
};
export type ByHandOrder = { readonly number: number; readonly sha: string };
export type ByHandPhases = { readonly check_out: number; readonly engine: number; readonly copy: number };
export type ByHandBuild = {
  readonly milliseconds: number;
  readonly phases: ByHandPhases;
  /** From the call of the engine to the first line of the RUN. */
  readonly firstLineMilliseconds: number;
};
export type ByHandAnswer =
  { readonly version: string } | { readonly build: ByHandBuild } | { readonly error: string };

const run = promisify(execFile);

async function buildByHand(
  engine: BuildEngine,
  settings: ByHandSettings,
  order: ByHandOrder,
): Promise<ByHandBuild> {
  const folder = join(settings.folder, 'running', String(order.number));
  const place = {
    context: join(folder, 'context'),
    layout: join(folder, 'layout'),
    work: join(folder, 'work'),
  };
  const started = performance.now();
  await mkdir(place.work, { recursive: true });
  await checkOut(settings.mirror, order.sha, place.context);
  const checkedOut = performance.now();
  const sink = new FirstLineSink();
  await engine.build(requestOf(order, place), sink, new AbortController().signal);
  const built = performance.now();
  sink.assertSeen();
  await copyLayout(place.layout, join(settings.folder, 'kept'));
  const copied = performance.now();
  await rm(folder, { recursive: true, force: true });
  return {
    milliseconds: copied - started,
    phases: { check_out: checkedOut - started, engine: built - checkedOut, copy: copied - built },
    firstLineMilliseconds: sink.seenAt - checkedOut,
  };
}

function requestOf(
  order: ByHandOrder,
  place: { readonly context: string; readonly layout: string; readonly work: string },
): BuildRequest {
  return {
    buildId: order.number,
    attempt: 1,
    repositoryId: 1,
    contextDirectory: place.context,
    dockerfilePath: 'Dockerfile',
    target: null,
    buildArguments: {},
    // Of the same number as the product's: a label is a layer of metadata, and a step of Buildah.
    labels: {
      'org.opencontainers.image.revision': order.sha,
      'org.opencontainers.image.created': '2026-01-01T00:00:00.000Z',
    },
    layoutDirectory: place.layout,
    workDirectory: place.work,
    pullCredentials: [],
  };
}

async function checkOut(mirror: string, sha: string, directory: string): Promise<void> {
  await mkdir(directory);
  const index = `${directory}.index`;
  const env = {
    ...{ PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', GIT_DIR: mirror },
    ...{ GIT_INDEX_FILE: index, GIT_WORK_TREE: directory, GIT_CONFIG_NOSYSTEM: '1' },
  };
  await run('git', ['read-tree', sha], { env });
  await run('git', ['checkout-index', '--all', '--quiet'], { env });
  await rm(index);
}

class FirstLineSink implements BuildSink {
  seenAt = Number.NaN;
  #seen = new Map<string, string>();

  stepStarted(): void {}

  stepEnded(): void {}

  output(step: number | null, stream: string, bytes: Uint8Array): void {
    if (!Number.isNaN(this.seenAt)) return;
    const key = `${step} ${stream}`;
    // Only whole lines count: the product shows none before its end has come.
    const text = (this.#seen.get(key) ?? '') + Buffer.from(bytes).toString('utf8');
    this.#seen.set(key, text);
    if (`\n${text}`.includes(`\n${firstLine}\n`)) this.seenAt = performance.now();
  }

  assertSeen(): void {
    if (!Number.isNaN(this.seenAt)) return;
    const texts = JSON.stringify([...this.#seen.entries()]);
    throw new Error(`The engine did not report the line "${firstLine}", but: ${texts}`);
  }
}

async function copyLayout(layout: string, target: string): Promise<void> {
  const blobs = join('blobs', 'sha256');
  await mkdir(join(target, blobs), { recursive: true });
  for (const name of await readdir(join(layout, blobs))) {
    // As in the product: a blob that an earlier build has left is not copied again.
    if (existsSync(join(target, blobs, name))) continue;
    const hash = createHash('sha256');
    const hashing = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        hash.update(chunk);
        done(null, chunk);
      },
    });
    const source = createReadStream(join(layout, blobs, name), { highWaterMark: 1024 * 1024 });
    await pipeline(source, hashing, createWriteStream(join(target, blobs, name)));
    if (hash.digest('hex') !== name) throw new Error(`The blob ${name} does not have that digest.`);
  }
  for (const name of ['oci-layout', 'index.json']) await copyFile(join(layout, name), join(target, name));
}

async function serve(settings: ByHandSettings): Promise<void> {
  const engine = await makeBareEngine(settings.engine, settings.folder);
  const probe = await engine.probe();
  if (!probe.ready) return answer({ error: probe.reason });
  answer({ version: probe.version });
  process.on('message', (order: ByHandOrder) => {
    buildByHand(engine, settings, order).then(
      (build) => answer({ build }),
      (error: unknown) => answer({ error: String(error) }),
    );
  });
}

function answer(message: ByHandAnswer): void {
  process.send?.(message);
}

process.once('disconnect', () => process.exit(0));
process.once('message', (settings: ByHandSettings) => {
  serve(settings).catch((error: unknown) => answer({ error: String(error) }));
});
