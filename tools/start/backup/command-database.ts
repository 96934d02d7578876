import type { Configuration } from '@nohands/config';
import { embeddedConnectionString, startEmbeddedPostgres } from '@nohands/embedded';
import { DataFolderLock } from '../data-folder-lock.ts';
import { BackupError } from './manifest.ts';

export type CommandDatabase = { readonly connectionString: string; close(): Promise<void> };

/**
 * The database of an installation for a command: the outside one, the embedded one that runs (`whileRunning`), or the
 * embedded one started for the command.
 */
export async function openCommandDatabase(
  configuration: Configuration,
  whileRunning: 'share' | 'refuse',
): Promise<CommandDatabase> {
  const { databaseUrl, dataDir } = configuration;
  const lock = DataFolderLock.take(dataDir);
  if (!(lock instanceof DataFolderLock)) {
    if (whileRunning === 'refuse') {
      throw new BackupError(`NoHands is running (process ${lock.pid}) with this data folder: stop it first.`);
    }
    return {
      connectionString: databaseUrl ?? (await embeddedConnectionString(dataDir)),
      close: async () => undefined,
    };
  }
  if (databaseUrl !== null) return { connectionString: databaseUrl, close: async () => lock.release() };
  try {
    const server = await startEmbeddedPostgres({ dataDir });
    const close = async (): Promise<void> => {
      await server.stop();
      lock.release();
    };
    return { connectionString: server.connectionString, close };
  } catch (error) {
    lock.release();
    throw error;
  }
}
