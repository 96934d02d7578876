import { DatabaseSync } from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';
import { GitError } from './git-error.js';

export type HeldLock = { release(): void };

const lockedBySomebody = 5; // SQLITE_BUSY
const pauseMs = 50;

/**
 * Holds a file against all other processes and all other callers in this one. It is an empty SQLite file, because
 * SQLite's lock is the kernel's: it ends with the process, however that ends, and can never be stale. Rejects with
 * `mirror_busy` after `patienceMs`, or with the reason of the abort.
 */
export async function lockFile(file: string, patienceMs: number, signal?: AbortSignal): Promise<HeldLock> {
  const end = performance.now() + patienceMs;
  for (;;) {
    signal?.throwIfAborted();
    const held = tryLock(file);
    if (held !== null) return held;
    if (performance.now() >= end) {
      throw new GitError(
        'mirror_busy',
        'The repository is being refreshed by another worker and takes long. Try again later.',
      );
    }
    await wait(pauseMs, undefined, signal === undefined ? {} : { signal }).catch(() =>
      signal?.throwIfAborted(),
    );
  }
}

function tryLock(file: string): HeldLock | null {
  const database = new DatabaseSync(file, { timeout: 0 });
  try {
    database.exec('BEGIN EXCLUSIVE');
    return { release: () => database.close() };
  } catch (error) {
    database.close();
    if (error instanceof Error && 'errcode' in error && error.errcode === lockedBySomebody) return null;
    throw error;
  }
}
