import { readFile, readdir, readlink, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { baseEnvironment, runProgram } from '@nohands/process';
import { EmbeddedError } from './embedded-errors.js';

/** From polite to final: a fast shutdown, an immediate one, the end. */
const steps: readonly (readonly [NodeJS.Signals, number])[] = [
  ['SIGINT', 10_000],
  ['SIGQUIT', 3_000],
  ['SIGKILL', 3_000],
];

/**
 * Stops every Postgres process that a killed launcher left on `data`, and removes the lock it left. The caller holds
 * the lock of the data folder, so that whatever runs here belongs to nobody.
 */
export async function stopOrphans(data: string): Promise<void> {
  for (const [signal, waitMs] of steps) {
    const until = performance.now() + waitMs;
    let left = await findServerProcesses(data);
    for (const pid of left) send(pid, signal);
    while (left.length > 0 && performance.now() < until) {
      await delay(20);
      left = await findServerProcesses(data);
    }
    if (left.length === 0) return rm(join(data, 'postmaster.pid'), { force: true });
  }
  throw new EmbeddedError(
    'postgres_not_stopped',
    `A Postgres of an earlier start still runs on ${data} and cannot be ended. Restart the machine.`,
  );
}

/** The recorded number alone proves nothing (it may be another program's by now): the working folder does. */
export async function findServerProcesses(data: string): Promise<number[]> {
  if (process.platform !== 'linux') return findByCommand(data);
  const real = await realpath(data);
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => ((await isServer(pid, real)) ? Number(pid) : null)),
  );
  return found.filter((pid) => pid !== null);
}

async function isServer(pid: string, data: string): Promise<boolean> {
  try {
    if ((await readlink(`/proc/${pid}/cwd`)) !== data) return false;
    return (await readlink(`/proc/${pid}/exe`)).endsWith('/bin/postgres');
  } catch {
    // Expected: the process ended meanwhile, is a zombie, or belongs to somebody else
    return false;
  }
}

async function findByCommand(data: string): Promise<number[]> {
  const text = await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '');
  const pid = text.split('\n')[0]?.trim() ?? '';
  if (!/^\d+$/.test(pid)) return [];
  const args = ['-o', 'command=', '-p', pid];
  const { stdout } = await runProgram({ command: 'ps', args, environment: baseEnvironment() });
  return stdout.toString('utf8').includes(data) ? [Number(pid)] : [];
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // Expected: it ended meanwhile
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
