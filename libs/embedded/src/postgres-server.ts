import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { baseEnvironment, findProgram, startProgram, type RunningProgram } from '@nohands/process';
import { EmbeddedError } from './embedded-errors.js';
import {
  makeSocketFolder,
  postgresEnvironment,
  postgresRole,
  type PostgresCluster,
} from './postgres-cluster.js';
import { stopOrphans } from './postgres-orphans.js';

/** Names and values of postgresql.conf, on top of ours. */
export type PostgresSettings = Readonly<Record<string, string>>;

export type PostgresServer = {
  readonly pid: number;
  /** Resolves when the server has ended, for whatever reason. */
  readonly exited: Promise<void>;
  /** A fast shutdown: sessions are ended, everything is on disk. Safe to call again. */
  stop(): Promise<void>;
};

const startLimitMs = 60_000;
const fastShutdownMs = 20_000;

const ownSettings = (cluster: PostgresCluster): PostgresSettings => ({
  listen_addresses: '',
  unix_socket_directories: cluster.socketFolder,
  unix_socket_permissions: '0700',
  max_connections: '200',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_min_messages: 'warning',
  jit: 'off',
});

/**
 * Starts the server of a cluster and resolves when it takes connections. On Linux it gets a fast shutdown from the
 * kernel when this process dies. Throws `EmbeddedError` with Postgres' own last words.
 */
export async function startServer(
  cluster: PostgresCluster,
  settings: PostgresSettings,
  onOutput: (text: string) => void,
): Promise<PostgresServer> {
  await stopOrphans(cluster.data);
  await makeSocketFolder(cluster);
  const program = startProgram({
    ...command(cluster, { ...ownSettings(cluster), ...settings }),
    cwd: '/',
    environment: postgresEnvironment(),
    ...(cluster.user === null ? {} : { user: cluster.user }),
  });
  const words = listen(program, onOutput);
  const state = { hasExited: false };
  const exited = program.exited.then(() => void (state.hasExited = true));
  await waitUntilReady(cluster, program, state).catch((error: unknown) => {
    throw new EmbeddedError(
      'postgres_not_started',
      `The embedded Postgres did not start: ${words().trim() || 'it gave no reason'}. ` +
        'Is the disk full? Otherwise set DATABASE_URL to a Postgres of your own.',
      { cause: error },
    );
  });
  return { pid: program.pid, exited, stop: () => stopServer(program, exited) };
}

/** The address of a database of a cluster, for pg, TypeORM and BullMQ. */
export function connectionStringOf(cluster: PostgresCluster, database: string): string {
  return connectionStringIn(cluster.socketFolder, database);
}

/** As `connectionStringOf`, by the folder of the socket. */
export function connectionStringIn(socketFolder: string, database: string): string {
  return `postgresql://${postgresRole}@/${database}?host=${encodeURIComponent(socketFolder)}`;
}

function command(cluster: PostgresCluster, settings: PostgresSettings): { command: string; args: string[] } {
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const server = [cluster.binaries.postgres, '-D', cluster.data, ...options];
  const setpriv =
    process.platform === 'linux' ? findProgram('setpriv', baseEnvironment()['PATH'] ?? '') : null;
  // Not libs/process' own tie: that one ends by SIGKILL or by SIGTERM, which for Postgres means "wait for all sessions".
  return setpriv === null
    ? { command: cluster.binaries.postgres, args: server.slice(1) }
    : { command: setpriv, args: ['--pdeathsig', 'INT', '--', ...server] };
}

function listen(program: RunningProgram, onOutput: (text: string) => void): () => string {
  let tail = '';
  for (const stream of [program.stdout, program.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      tail = (tail + text).slice(-4096);
      onOutput(text);
    });
  }
  return () => tail;
}

/** Postgres writes its state into the last line of its lock file; pg_ctl looks there too. */
async function waitUntilReady(
  cluster: PostgresCluster,
  program: RunningProgram,
  state: { readonly hasExited: boolean },
): Promise<void> {
  const until = performance.now() + startLimitMs;
  while (!state.hasExited && performance.now() < until) {
    const lines = (await readFile(join(cluster.data, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n');
    if (lines[0] === String(program.pid) && lines[7]?.trim() === 'ready') return;
    await delay(5);
  }
  const reason = state.hasExited ? 'the server ended' : 'the server did not become ready in time';
  await program.stop();
  throw new Error(reason);
}

async function stopServer(program: RunningProgram, exited: Promise<void>): Promise<void> {
  try {
    process.kill(program.pid, 'SIGINT');
  } catch (error) {
    // Expected: it has ended already
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
  const limit = new AbortController();
  const isDown = await Promise.race([
    exited.then(() => true),
    delay(fastShutdownMs, false, { signal: limit.signal }).catch(() => true),
  ]);
  limit.abort();
  if (!isDown) await program.stop();
}
