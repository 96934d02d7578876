import { readFileSync, readdirSync } from 'node:fs';

/** One process, told apart from a later one with the same pid by its start time (clock ticks since boot). */
export type ProcessIdentity = { readonly pid: number; readonly startTime: string };
type ProcessEntry = ProcessIdentity & { readonly state: string; readonly group: number };

/** Names the variable that marks a program and everything it starts, however it detaches. */
export const markVariable = 'NOHANDS_PROGRAM';

/** The process with this pid, or null where it is gone, a zombie, or the system has no /proc. */
export function readProcess(pid: number): ProcessEntry | null {
  const entry = readEntry(pid);
  return entry === null || entry.state === 'Z' || entry.state === 'X' ? null : entry;
}

/** True while exactly this process (not a later one with its pid) lives. */
export function isAlive(process: ProcessIdentity): boolean {
  return readProcess(process.pid)?.startTime === process.startTime;
}

/** All living processes of a process group or with the mark in their environment. Reads all of /proc. */
export function findProcesses(wanted: {
  readonly group: number | null;
  readonly mark: string;
}): ProcessIdentity[] {
  const found: ProcessIdentity[] = [];
  for (const pid of listPids()) {
    const entry = readProcess(pid);
    if (entry === null) continue;
    if (entry.group === wanted.group || hasMark(pid, wanted.mark)) found.push(entry);
  }
  return found;
}

/** The children of a living process. */
export function readChildren(pid: number): ProcessIdentity[] {
  const text = readOrEmpty(`/proc/${pid}/task/${pid}/children`);
  return text
    .split(' ')
    .filter((word) => word !== '')
    .map((word) => readProcess(Number(word)))
    .filter((entry) => entry !== null);
}

/** Names this start of the machine: process identities mean nothing in another one. */
export function readBootId(): string {
  return readOrEmpty('/proc/sys/kernel/random/boot_id').trim();
}

function readEntry(pid: number): ProcessEntry | null {
  const stat = readOrEmpty(`/proc/${pid}/stat`);
  // The name in brackets may hold blanks and brackets: the fields start behind the last one.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, , group] = fields;
  const startTime = fields[19];
  if (state === undefined || group === undefined || startTime === undefined) return null;
  return { pid, startTime, state, group: Number(group) };
}

function hasMark(pid: number, mark: string): boolean {
  return `\0${readOrEmpty(`/proc/${pid}/environ`)}`.includes(`\0${markVariable}=${mark}\0`);
}

function listPids(): number[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    // Expected where there is no /proc (macOS): then only the process group is known.
    return [];
  }
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    // Expected: the process ended meanwhile, belongs to somebody else, or there is no /proc.
    return '';
  }
}
