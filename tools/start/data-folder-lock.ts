import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** What a running start says about itself, for a second one. */
export type RunningStart = { readonly pid: number; readonly address: string | null };

/**
 * Held by the one start that uses a data folder. The lock is one of the kernel's on an open file (SQLite takes it on
 * every system): it ends with the process, however that ends, so there is no stale one.
 */
export class DataFolderLock {
  readonly #file: DatabaseSync;
  readonly #note: string;

  private constructor(file: DatabaseSync, note: string) {
    this.#file = file;
    this.#note = note;
  }

  /** The lock, or what runs already. Makes the folder. */
  static take(dataDir: string): DataFolderLock | RunningStart {
    // 0711: the users of database and builds may pass through; what lies directly inside is private by itself.
    mkdirSync(dataDir, { recursive: true, mode: 0o711 });
    const note = join(dataDir, 'start.json');
    const path = join(dataDir, 'start.lock');
    const file = new DatabaseSync(path);
    chmodSync(path, 0o600);
    try {
      file.exec('BEGIN EXCLUSIVE');
    } catch (error) {
      file.close();
      // 5 is SQLITE_BUSY: somebody holds it
      if ((error as { errcode?: number }).errcode !== 5) throw error;
      return readNote(note);
    }
    const lock = new DataFolderLock(file, note);
    lock.announce(null);
    return lock;
  }

  /** Tells a second start where this one is reached; null while it is not ready. */
  announce(address: string | null): void {
    const temporary = `${this.#note}.new`;
    writeFileSync(temporary, JSON.stringify({ pid: process.pid, address } satisfies RunningStart), {
      mode: 0o600,
    });
    renameSync(temporary, this.#note);
  }

  release(): void {
    rmSync(this.#note, { force: true });
    this.#file.close();
  }
}

function readNote(path: string): RunningStart {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as RunningStart;
  } catch {
    // Expected: the other one has just begun (no note yet) or is just ending
    return { pid: 0, address: null };
  }
}
