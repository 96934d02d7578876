import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { reapRecordedPrograms } from '@nohands/process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  BuildBench,
  RecordingSink,
  processesWith,
  scenarios,
  type EngineScenario,
} from '../describe-build-engine-spec.js';
import { prepareBuildUser, type BuildUser } from './build-user.js';
import { BuildahEngine } from './buildah-engine.js';

let stateDirectory = '';
let bench: BuildBench;
let user: BuildUser;

beforeAll(async () => {
  stateDirectory = mkdtempSync(join(tmpdir(), 'nohands-lost-'));
  bench = new BuildBench();
  user = await prepareBuildUser();
});
afterAll(() => {
  bench.remove();
  rmSync(stateDirectory, { recursive: true, force: true });
});

/** A process that builds and prints what the RUN writes: the worker that dies. */
function startWorker(request: object, recordDirectory: string) {
  const sources = join(import.meta.dirname, '..', 'index.ts');
  const file = join(bench.folder, 'worker.mjs');
  const hooks = join(bench.folder, 'hooks.mjs');
  writeFileSync(
    hooks,
    `import { registerHooks } from 'node:module';
     registerHooks({ resolve: (s, c, next) => next(s.startsWith('.') && c.parentURL.endsWith('.ts') ? s.replace(/\\.js$/, '.ts') : s, c) });`,
  );
  writeFileSync(
    file,
    `import { BuildahEngine } from ${JSON.stringify(sources)};
     const engine = new BuildahEngine(${JSON.stringify({ stateDirectory, user, recordDirectory })});
     const sink = { stepStarted() {}, stepEnded() {}, output: (step, stream, bytes) => { process.stdout.write(bytes); } };
     await engine.build(${JSON.stringify(request)}, sink, new AbortController().signal);`,
  );
  const flags = [
    '--conditions=nohands-source',
    '--experimental-transform-types',
    '--no-warnings',
    '--import',
    hooks,
  ];
  return spawn(process.execPath, [...flags, file], { stdio: ['ignore', 'pipe', 'inherit'] });
}

async function untilWritten(worker: ReturnType<typeof startWorker>, text: string): Promise<void> {
  let output = '';
  for await (const chunk of worker.stdout ?? []) {
    output += String(chunk);
    if (output.includes(text)) return;
  }
  throw new Error(`the worker ended without writing "${text}": ${output}`);
}

function containersOf(repositoryId: number): unknown[] {
  const file = join(stateDirectory, 'storage', String(repositoryId), 'overlay-containers', 'containers.json');
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as unknown[]) : [];
}

describe('a worker that is killed in the middle of a build', () => {
  it('takes every process of the build with it; the next build finds clean storage', async () => {
    const token = `88${process.pid}88`;
    const run = `trap "" TERM; setsid sleep ${token} & (sleep ${token} &) ; echo up; while :; do sleep ${token}; done`;
    const scenario: EngineScenario = {
      name: 'lost',
      dockerfile: `FROM scratch\nCOPY busybox /bin/sh\nRUN ${run}\n`,
      script: { steps: [] },
    };
    const records = join(stateDirectory, 'running');
    const request = bench.request(scenario);
    const worker = startWorker(request, records);
    await untilWritten(worker, 'up');
    expect(processesWith(token).length).toBeGreaterThan(2);
    worker.kill('SIGKILL');
    await once(worker, 'exit');
    await expect.poll(() => processesWith(token), { timeout: 5_000, interval: 10 }).toEqual([]);
    await reapRecordedPrograms(records);
    expect(readdirSync(records)).toEqual([]);
    expect(existsSync(request.layoutDirectory)).toBe(false);

    const engine = new BuildahEngine({ stateDirectory, user });
    const sink = new RecordingSink();
    await engine.build(bench.request(scenarios.success), sink, new AbortController().signal);
    expect(sink.text('stdout', 4)).toBe('no-end');
    expect(containersOf(1)).toEqual([]);
  });

  it('leaves storage that the next build mends, when buildah itself was killed without a word', async () => {
    const token = `89${process.pid}89`;
    const dockerfile = `FROM scratch\nCOPY busybox /bin/sh\nRUN echo up; sleep ${token}\n`;
    const records = join(stateDirectory, 'running');
    const engine = new BuildahEngine({ stateDirectory, user, recordDirectory: records });
    await engine.probe();
    const sink = new RecordingSink((text) => {
      if (!text.includes('up')) return;
      const [record] = readdirSync(records);
      const { leader } = JSON.parse(readFileSync(join(records, String(record)), 'utf8')) as {
        leader: { pid: number };
      };
      // The group: `unshare` and the first process of the namespace.
      process.kill(-leader.pid, 'SIGKILL');
    });
    const request = bench.request({ name: 'killed', dockerfile, script: { steps: [] } }, { repositoryId: 7 });
    const failing = engine.build(request, sink, new AbortController().signal);
    await expect(failing).rejects.toMatchObject({ code: 'engine_failed' });
    expect(processesWith(token)).toEqual([]);
    expect(containersOf(7)).not.toEqual([]);

    const next = new RecordingSink();
    await engine.build(
      bench.request(scenarios.success, { repositoryId: 7 }),
      next,
      new AbortController().signal,
    );
    expect(next.text('stdout', 4)).toBe('no-end');
    expect(containersOf(7)).toEqual([]);
  });
});
