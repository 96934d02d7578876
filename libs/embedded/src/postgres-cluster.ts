import { chown, mkdir, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { baseEnvironment, runProgram } from '@nohands/process';
import { EmbeddedError } from './embedded-errors.js';
import type { PostgresBinaries } from './postgres-binaries.js';
import { nameOf } from './service-home.js';
import type { ServiceUser } from './service-user.js';

/** The one role; who may connect is decided by who may enter the socket's folder. */
export const postgresRole = 'nohands';

/** One database cluster on disk: its folders and the user they belong to (null: this process's own). */
export type PostgresCluster = {
  readonly data: string;
  /** Mode 0700: only the cluster's user and root reach the socket. */
  readonly socketFolder: string;
  readonly binaries: PostgresBinaries;
  readonly user: ServiceUser | null;
};

/** The kernel's limit for a socket's path is 107 bytes; the name of the file takes the rest. */
const longestSocketFolder = 107 - '/.s.PGSQL.5432'.length;

/** Makes folders and, the first time, the cluster in `folder`; a crash at any step is mended by the next call. */
export async function prepareCluster(
  folder: string,
  binaries: PostgresBinaries,
  user: ServiceUser | null,
  options: { readonly isDurable: boolean },
): Promise<PostgresCluster> {
  await makePrivateFolder(folder, user);
  const cluster = { data: join(folder, 'data'), socketFolder: socketFolderOf(folder), binaries, user };
  if (!(await exists(join(cluster.data, 'PG_VERSION')))) await initialise(cluster, options.isDurable);
  return cluster;
}

/** Empties and makes the folder of the socket; only while no server runs. */
export async function makeSocketFolder(cluster: PostgresCluster): Promise<void> {
  await rm(cluster.socketFolder, { recursive: true, force: true });
  await makePrivateFolder(cluster.socketFolder, cluster.user);
}

/** The environment of all Postgres programs: nothing of ours. */
export function postgresEnvironment(): Record<string, string> {
  return baseEnvironment({ HOME: '/', LC_ALL: 'C' });
}

async function initialise(cluster: PostgresCluster, isDurable: boolean): Promise<void> {
  // initdb is not atomic: it works beside, and the rename makes it true.
  const temporary = `${cluster.data}.new`;
  await rm(temporary, { recursive: true, force: true });
  const locale = ['--encoding=UTF8', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C'];
  const access = [`--username=${postgresRole}`, '--auth-local=trust', '--auth-host=reject'];
  const result = await runProgram({
    command: cluster.binaries.initdb,
    args: ['-D', temporary, ...access, ...locale, '--no-instructions', ...(isDurable ? [] : ['--no-sync'])],
    cwd: '/',
    environment: postgresEnvironment(),
    deadlineMs: 120_000,
    ...(cluster.user === null ? {} : { user: cluster.user }),
  });
  if (result.exitCode !== 0) {
    throw new EmbeddedError(
      'postgres_not_started',
      `The embedded Postgres could not make its database: ${result.stderr.trim() || 'initdb gave no reason'}. ` +
        'Is the disk full? Otherwise set DATABASE_URL to a Postgres of your own.',
    );
  }
  await rename(temporary, cluster.data);
}

async function makePrivateFolder(path: string, user: ServiceUser | null): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  const found = await stat(path);
  if (user !== null && found.uid !== user.uid) await chown(path, user.uid, user.gid);
  else if (user === null && process.getuid !== undefined && found.uid !== process.getuid()) {
    throw new EmbeddedError(
      'postgres_not_started',
      `The folder ${path} belongs to another user. Start as that user, or choose another DATA_DIR.`,
    );
  }
}

/** Where the socket of a cluster folder lies: inside, or in the temporary folder where that path is too long. */
export function socketFolderOf(folder: string): string {
  const inside = join(folder, 'run');
  // A comma separates folders in Postgres' setting, a quote needs escaping: such a path goes elsewhere too.
  if (Buffer.byteLength(inside) <= longestSocketFolder && !/[,"]/.test(inside)) return inside;
  return join(tmpdir(), `nohands-${process.getuid?.() ?? 0}-${nameOf(folder)}`);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
