import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, linkSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** The key of a data folder, or null where none was made yet. */
export function readSecretKey(dataDir: string): string | null {
  try {
    return readFileSync(join(dataDir, 'secret.key'), 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** The key of a data folder, made at the first call; for this user's eyes only. */
export function prepareSecretKey(dataDir: string): string {
  return readSecretKey(dataDir) ?? writeSecretKey(dataDir, randomBytes(48).toString('base64url'));
}

/** Stores a key; it is on disk before it is used, and an existing one is never replaced. Answers the one that counts. */
export function writeSecretKey(dataDir: string, key: string): string {
  const path = join(dataDir, 'secret.key');
  const temporary = `${path}.${process.pid}`;
  const file = openSync(temporary, 'w', 0o600);
  writeSync(file, `${key}\n`);
  fsyncSync(file);
  closeSync(file);
  try {
    linkSync(temporary, path);
  } catch (error) {
    // Expected: a key is there
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
  return readFileSync(path, 'utf8').trim();
}
