import { randomBytes } from 'node:crypto';
import { chmod, lstat, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { databaseUserName } from './embedded-postgres.js';
import { installPostgresBinaries } from './postgres-binaries.js';
import { prepareCluster } from './postgres-cluster.js';
import { connectionStringOf, startServer } from './postgres-server.js';
import { prepareServiceUser } from './service-user.js';

/** A throw-away server for tests: nothing of it survives `stop`, or a power cut. */
export type TestPostgres = {
  /** Of the database `postgres`. */
  readonly connectionString: string;
  readonly pid: number;
  stop(): Promise<void>;
};

export type TestDatabase = { readonly connectionString: string; drop(): Promise<void> };

/** What tests do not need: the disk. */
const hastySettings = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  max_connections: '400',
};

/** Starts a fresh server in a temporary folder, as root under its own user; about a second. */
export async function startTestPostgres(): Promise<TestPostgres> {
  const folder = await mkdtemp(join(tmpdir(), 'nohands-test-'));
  await chmod(folder, 0o711);
  const user = await prepareServiceUser(databaseUserName);
  const binaries = await installPostgresBinaries(await programFolder());
  const cluster = await prepareCluster(join(folder, 'postgres'), binaries, user, { isDurable: false });
  const server = await startServer(cluster, hastySettings, () => undefined);
  const stop = async (): Promise<void> => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  };
  return { connectionString: connectionStringOf(cluster, 'postgres'), pid: server.pid, stop };
}

/** Makes an empty database on a running server; `drop` ends its sessions and removes it. */
export async function createDatabaseOn(connectionString: string): Promise<TestDatabase> {
  const name = `test_${randomBytes(8).toString('hex')}`;
  await runOn(connectionString, `CREATE DATABASE ${name}`);
  return {
    connectionString: connectionString.replace(/\/[^/?]*(\?|$)/, `/${name}$1`),
    drop: () => runOn(connectionString, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  };
}

async function runOn(connectionString: string, statement: string): Promise<void> {
  const client = new Client({ connectionString });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

/** Kept between runs. In a folder of everybody's, so what lies there counts only if it is ours. */
async function programFolder(): Promise<string> {
  const uid = process.getuid?.() ?? 0;
  const folder = join(tmpdir(), `nohands-test-programs-${uid}`);
  await mkdir(folder, { recursive: true, mode: 0o755 });
  const { uid: owner, mode } = await lstat(folder);
  if (owner === uid && (mode & 0o022) === 0) return folder;
  throw new Error(`${folder} belongs to another user or is writable for others: remove it.`);
}
