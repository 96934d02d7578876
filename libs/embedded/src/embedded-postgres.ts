import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { installPostgresBinaries } from './postgres-binaries.js';
import { postgresRole, prepareCluster, socketFolderOf, type PostgresCluster } from './postgres-cluster.js';
import { stopOrphans } from './postgres-orphans.js';
import {
  connectionStringIn,
  connectionStringOf,
  startServer,
  type PostgresSettings,
} from './postgres-server.js';
import { locateServiceHome } from './service-home.js';
import { prepareServiceUser, type ServiceUser } from './service-user.js';

/** The system user of the database where NoHands runs as root; no other service runs as it. */
export const databaseUserName = 'nohands-db';

export type EmbeddedPostgresOptions = {
  /** Absolute; the caller holds its lock. */
  readonly dataDir: string;
  readonly settings?: PostgresSettings;
  /** Gets the server's own log. */
  readonly onOutput?: (text: string) => void;
};

export type EmbeddedPostgres = {
  /** Over a unix socket in a folder that only this user (and root) can enter; there is no TCP port. */
  readonly connectionString: string;
  readonly pid: number;
  /** Resolves when the server has ended, for whatever reason. */
  readonly exited: Promise<void>;
  /** Ends all sessions and the server, everything on disk. Safe to call again. */
  stop(): Promise<void>;
};

/**
 * Starts the Postgres of a data folder, making it the first time; a server left by a killed predecessor is stopped
 * first. Throws `EmbeddedError`.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const home = await locateServiceHome(options.dataDir);
  const folder = join(home.path, 'postgres');
  const user = (await findOwner(join(folder, 'data'))) ?? (await prepareServiceUser(databaseUserName));
  const binaries = await installPostgresBinaries(home.path);
  const cluster = await prepareCluster(folder, binaries, user, { isDurable: true });
  const server = await startServer(cluster, options.settings ?? {}, options.onOutput ?? (() => undefined));
  const connectionString = connectionStringOf(cluster, postgresRole);
  try {
    await makeDatabase(cluster);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return { ...server, connectionString };
}

/** The address of the embedded Postgres that another process runs on this data folder. */
export async function embeddedConnectionString(dataDir: string): Promise<string> {
  const home = await locateServiceHome(dataDir);
  return connectionStringIn(socketFolderOf(join(home.path, 'postgres')), postgresRole);
}

/** Stops what an earlier start left running below a service home; the caller holds the lock of the data folder. */
export async function stopEmbeddedPostgres(home: string): Promise<void> {
  const data = join(home, 'postgres', 'data');
  if (existsSync(data)) await stopOrphans(data);
}

/** Postgres runs as the owner of its data: root may take over what another user began. Null where that decides nothing. */
async function findOwner(data: string): Promise<ServiceUser | null> {
  if (process.getuid?.() !== 0) return null;
  const found = await stat(data).catch(() => null);
  return found === null || found.uid === 0 ? null : { uid: found.uid, gid: found.gid };
}

async function makeDatabase(cluster: PostgresCluster): Promise<void> {
  const client = new Client({ connectionString: connectionStringOf(cluster, 'postgres') });
  await client.connect();
  try {
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [postgresRole]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${postgresRole}`);
  } finally {
    await client.end();
  }
}
