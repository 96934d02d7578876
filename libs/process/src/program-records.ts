import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { endProcesses } from './end-processes.js';
import { isAlive, readBootId, readProcess, type ProcessIdentity } from './process-table.js';

/** The file of one running program. */
export type ProgramRecord = {
  update(leader: ProcessIdentity | null): void;
  remove(): void;
};

type RecordContent = {
  readonly bootId: string;
  readonly owner: ProcessIdentity | null;
  readonly mark: string;
  readonly isNamespaced: boolean;
  readonly leader: ProcessIdentity | null;
};

const noRecord: ProgramRecord = { update: () => undefined, remove: () => undefined };

/** Writes the record of a program that is about to start; without a folder nothing is recorded. */
export function recordProgram(
  directory: string | undefined,
  program: Pick<RecordContent, 'mark' | 'isNamespaced'>,
): ProgramRecord {
  if (directory === undefined) return noRecord;
  const file = join(directory, `${program.mark}.json`);
  const base = { bootId: readBootId(), owner: readProcess(process.pid), ...program };
  const update = (leader: ProcessIdentity | null): void => {
    // Renamed into place: a reader never meets half a record.
    writeFileSync(`${file}.new`, JSON.stringify({ ...base, leader } satisfies RecordContent), {
      mode: 0o600,
    });
    renameSync(`${file}.new`, file);
  };
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  update(null);
  return { update, remove: () => rmSync(file, { force: true }) };
}

/**
 * Ends what a dead process left running, by the records in `directory`; programs of living processes are left alone.
 * Safe at any time and from several processes. Resolves with how many programs were found dead or ended; `graceMs` is
 * what each has between SIGTERM and SIGKILL.
 */
export async function reapRecordedPrograms(directory: string, graceMs = 5_000): Promise<number> {
  const reaped = await Promise.all(
    listRecords(directory).map((name) => reapRecord(join(directory, name), graceMs)),
  );
  return reaped.filter(Boolean).length;
}

async function reapRecord(file: string, graceMs: number): Promise<boolean> {
  const record = readRecord(file);
  if (record === null) return false;
  if (record.bootId === readBootId()) {
    if (record.owner !== null && isAlive(record.owner)) return false;
    // The record stays until nothing is left: a death of this process here only means doing it again.
    if (!(await endProcesses(record, graceMs))) return false;
  }
  rmSync(file, { force: true });
  return true;
}

function listRecords(directory: string): string[] {
  try {
    return readdirSync(directory).filter((name) => name.endsWith('.json'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function readRecord(file: string): RecordContent | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as RecordContent;
  } catch (error) {
    // Expected: the program of a living process ended meanwhile and took its record away.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
