import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { baseEnvironment, canUsePidNamespace, reapRecordedPrograms, startProgram } from './index.js';
import { findProcesses, readProcess } from './process-table.js';

// A shell that ignores TERM, a child in a session of its own, one doubly forked; each carries the token in its arguments.
const stubborn = `trap '' TERM
setsid sh -c 'trap "" TERM; echo up; while :; do sleep 1000; done' "$0" &
(setsid sleep 1000 & ) &
echo up; while :; do sleep 1000; done`;

const environment = baseEnvironment();
let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'nohands-process-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Resolves when the output has held `text` this many times. */
function seen(stream: Readable, text: string, times: number): Promise<string> {
  let output = '';
  return new Promise((resolve) => {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (output.split(text).length > times) resolve(output);
    });
  });
}

function markOf(pid: number): string {
  const mark = /NOHANDS_PROGRAM=([^\0]+)/.exec(readFileSync(`/proc/${pid}/environ`, 'latin1'))?.[1];
  if (mark === undefined) throw new Error('the program has no mark');
  return mark;
}

function living(mark: string): number[] {
  return findProcesses({ group: null, mark }).map((entry) => entry.pid);
}

describe('stopping a program', () => {
  const ties = [undefined, { endSignal: 'SIGTERM' }, { endSignal: 'SIGKILL' }] as const;
  for (const tied of ties) {
    it(`leaves nothing of what it started (tied: ${tied?.endSignal ?? 'no'})`, async () => {
      const args = ['-c', stubborn];
      const program = startProgram({ command: 'sh', args, environment, tied, graceMs: 100 });
      await seen(program.stdout, 'up', 2);
      const mark = markOf(program.pid);
      expect(living(mark).length).toBeGreaterThanOrEqual(4);
      await program.stop();
      expect(living(mark)).toEqual([]);
      expect((await program.exited).exitCode).toBeNull();
    });
  }

  it('gives a program the time to clean up', async () => {
    const script = `trap 'echo cleaned > "$0"; exit 0' TERM; echo up; while :; do sleep 0.05; done`;
    for (const tied of [undefined, { endSignal: 'SIGTERM' }] as const) {
      const file = join(folder, tied === undefined ? 'free' : 'tied');
      const program = startProgram({ command: 'sh', args: ['-c', script, file], environment, tied });
      await seen(program.stdout, 'up', 1);
      await program.stop();
    }
    expect(readdirSync(folder).sort()).toEqual(['free', 'tied']);
  });

  it('ends what a finished program left in its group', async () => {
    const program = startProgram({ command: 'sh', args: ['-c', 'sleep 1000 & echo up'], environment });
    program.stdout.resume();
    expect((await program.exited).exitCode).toBe(0);
  });

  it('runs in a pid namespace and as another user, tied to this process', async () => {
    expect(canUsePidNamespace()).toBe(true);
    const request = { command: 'sh', args: ['-c', 'echo $$ $(id -u) $(id -g) $(id -G)'], environment };
    const program = startProgram({
      ...request,
      user: { uid: 12345, gid: 12346 },
      tied: { endSignal: 'SIGKILL' },
    });
    expect(await seen(program.stdout, '\n', 1)).toBe('1 12345 12346 12346\n');
    expect((await program.exited).exitCode).toBe(0);
  });
});

/** A process that starts the stubborn program and prints its mark: the worker that dies. */
async function startWorker(recordDirectory: string, tied: string) {
  const file = join(folder, 'worker.mjs');
  const index = new URL('./index.ts', import.meta.url).href;
  writeFileSync(
    file,
    `import { startProgram, baseEnvironment } from ${JSON.stringify(index)};
     const request = { command: 'sh', args: ['-c', ${JSON.stringify(stubborn)}], environment: baseEnvironment() };
     const program = startProgram({ ...request, tied: ${tied}, recordDirectory: ${JSON.stringify(recordDirectory)} });
     let output = '';
     program.stdout.on('data', (c) => { output += c; if (output.split('up').length > 2) console.log('pid', program.pid); });`,
  );
  const resolver = join(folder, 'resolve.mjs');
  writeFileSync(
    resolver,
    `import { registerHooks } from 'node:module';
     registerHooks({ resolve: (s, c, next) => next(s.startsWith('.') && c.parentURL.endsWith('.ts') ? s.replace(/\\.js$/, '.ts') : s, c) });`,
  );
  const worker = spawn(process.execPath, ['--import', resolver, '--experimental-transform-types', file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const output = await seen(worker.stdout, 'pid', 1);
  const pid = Number(/pid (\d+)/.exec(output)?.[1]);
  return { worker, pid, mark: markOf(pid) };
}

describe('the death of the process that started a program', () => {
  it('takes a tied program with it, a child in another session included', async () => {
    const { worker, pid, mark } = await startWorker(join(folder, 'records'), "{ endSignal: 'SIGKILL' }");
    expect(living(mark).length).toBeGreaterThanOrEqual(4);
    worker.kill('SIGKILL');
    await once(worker, 'close');
    await expect.poll(() => living(mark), { timeout: 2_000, interval: 5 }).toEqual([]);
    expect(readProcess(pid)).toBeNull();
    expect(await reapRecordedPrograms(join(folder, 'records'))).toBe(1);
  });

  it('leaves the rest to the successor, which ends what was recorded', async () => {
    const records = join(folder, 'records');
    const { worker, mark } = await startWorker(records, 'undefined');
    expect(await reapRecordedPrograms(records, 100)).toBe(0);
    expect(living(mark).length).toBeGreaterThanOrEqual(4);
    worker.kill('SIGKILL');
    await once(worker, 'close');
    expect(living(mark).length).toBeGreaterThanOrEqual(4);
    expect(await reapRecordedPrograms(records, 100)).toBe(1);
    expect(living(mark)).toEqual([]);
    expect(readdirSync(records)).toEqual([]);
  });

  it('never makes the successor end a process that only has the same pid', async () => {
    const records = join(folder, 'records');
    const bystander = startProgram({
      command: 'sleep',
      args: ['1000'],
      environment,
      recordDirectory: records,
    });
    const [name] = readdirSync(records);
    const file = join(records, String(name));
    const record = JSON.parse(readFileSync(file, 'utf8')) as { owner: object; leader: object; mark: string };
    const stale = {
      ...record,
      owner: { pid: 1, startTime: 'x' },
      mark: 'x',
      leader: { ...record.leader, startTime: 'x' },
    };
    writeFileSync(file, JSON.stringify(stale));
    expect(await reapRecordedPrograms(records, 100)).toBe(1);
    expect(readProcess(bystander.pid)).not.toBeNull();
    await bystander.stop();
  });
});
