import { setTimeout as delay } from 'node:timers/promises';
import { findProcesses, isAlive, readChildren, readProcess, type ProcessIdentity } from './process-table.js';

/** A started program as the one who ends it knows it. */
export type ProgramHandle = {
  /** The process that was started; also its process group. Null where a record was written before the start. */
  readonly leader: ProcessIdentity | null;
  readonly mark: string;
  readonly isNamespaced: boolean;
};

const pollMs = 10;

/**
 * Ends a program and all it started: asks with SIGTERM, ends by SIGKILL after `graceMs`; resolves when nothing is left.
 * False when something could not be ended within another 5 s (a process stuck in the kernel).
 */
export async function endProcesses(program: ProgramHandle, graceMs: number): Promise<boolean> {
  // The first process of a namespace is known before its parent goes: with it goes all the rest.
  const known = program.isNamespaced && program.leader !== null ? readChildren(program.leader.pid) : [];
  ask(program);
  if (await waitUntilGone(program, known, graceMs)) return true;
  for (const process of remaining(program, known)) sendSignal(process.pid, 'SIGKILL');
  return waitUntilGone(program, known, 5_000, 'SIGKILL');
}

/** `unshare` ignores SIGTERM; killed, it has its child sent the end signal by the kernel. */
function ask(program: ProgramHandle): void {
  if (program.isNamespaced) {
    if (program.leader !== null && isAlive(program.leader)) sendSignal(program.leader.pid, 'SIGKILL');
    return;
  }
  for (const process of remaining(program, [])) sendSignal(process.pid, 'SIGTERM');
}

async function waitUntilGone(
  program: ProgramHandle,
  known: readonly ProcessIdentity[],
  limitMs: number,
  again?: NodeJS.Signals,
): Promise<boolean> {
  const until = performance.now() + limitMs;
  for (;;) {
    const left = remaining(program, known);
    if (left.length === 0) return true;
    if (performance.now() >= until) return false;
    // A process that forks while it is being killed: its children are met in the next round.
    if (again !== undefined) for (const process of left) sendSignal(process.pid, again);
    await delay(pollMs);
  }
}

function remaining(program: ProgramHandle, known: readonly ProcessIdentity[]): ProcessIdentity[] {
  const all = [...findProcesses({ group: ownGroup(program), mark: program.mark }), ...known.filter(isAlive)];
  return [...new Map(all.map((process) => [process.pid, process])).values()];
}

/** The process group, unless its number has gone to somebody else (possible for a record of long ago). */
function ownGroup({ leader }: ProgramHandle): number | null {
  if (leader === null) return null;
  const now = readProcess(leader.pid);
  return now === null || now.startTime === leader.startTime ? leader.pid : null;
}

/** Sends a signal; a process (or group, when negative) that is already gone is no error. */
export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // Expected: ESRCH (gone) and EPERM (macOS answers it for a group of zombies).
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== 'ESRCH' && code !== 'EPERM') throw error;
  }
}
