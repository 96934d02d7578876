import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { Configuration } from '@nohands/config';
import { locateServiceHome, removeOutsideHome, stopEmbeddedPostgres } from '@nohands/embedded';
import { DataFolderLock } from './data-folder-lock.ts';

/** NoHands runs on the folder that was to be removed. */
export class StillRunning extends Error {
  override readonly name = 'StillRunning';
  readonly code = 'still_running';
}

/** Removes the data folder and what belongs to it in /var/lib; answers a sentence. An outside database stays. */
export async function reset({ dataDir, databaseUrl }: Configuration): Promise<string> {
  if (!existsSync(dataDir)) return `There is nothing to remove: ${dataDir} does not exist.`;
  const lock = DataFolderLock.take(dataDir);
  if (!(lock instanceof DataFolderLock)) {
    throw new StillRunning(`NoHands is running (process ${lock.pid}) with this data folder: stop it first.`);
  }
  const home = await locateServiceHome(dataDir);
  await stopEmbeddedPostgres(home.path);
  await removeOutsideHome(dataDir);
  // The lock's own file goes with the rest while it is held: nobody can start in between.
  await rm(dataDir, { recursive: true, force: true });
  lock.release();
  const outside = databaseUrl === null ? '' : ' The database at DATABASE_URL was left as it is.';
  return `Removed ${[dataDir, ...(home.isOutside ? [home.path] : [])].join(' and ')}.${outside}`;
}
