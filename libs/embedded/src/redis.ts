import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { once } from 'node:events';
import { baseEnvironment, startProgram } from '@nohands/process';
import { EmbeddedError } from './embedded-errors.js';

/** A throw-away Redis for tests. */
export type Redis = {
  /** `redis://127.0.0.1:<port>` */
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
};

export type RedisOptions = {
  /** To come back on the same address after `stop`; a free one when absent. */
  readonly port?: number;
  /** Keeps its data there; a temporary folder, removed by `stop`, when absent. */
  readonly folder?: string;
};

const startLimitMs = 10_000;

/**
 * Starts the machine's `redis-server` on loopback; it dies with this process. Throws `EmbeddedError`
 * (`redis_not_started`) or `ProgramNotFound`.
 */
export async function startRedis(options: RedisOptions = {}): Promise<Redis> {
  const port = options.port ?? (await findFreePort());
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'nohands-redis-')));
  const place = ['--bind', '127.0.0.1', '--port', String(port), '--dir', folder, '--daemonize', 'no'];
  const program = startProgram({
    command: 'redis-server',
    args: [...place, '--save', '', '--appendonly', 'no', '--maxmemory-policy', 'noeviction'],
    environment: baseEnvironment(),
    tied: { endSignal: 'SIGKILL' },
    deadlineMs: 24 * 3600 * 1000,
  });
  const stop = async (): Promise<void> => {
    await program.stop();
    if (options.folder === undefined) await rm(folder, { recursive: true, force: true });
  };
  const isReady = await readUntilReady(program.stdout, program.exited);
  program.stderr.resume();
  if (!isReady.found) {
    await stop();
    throw new EmbeddedError(
      'redis_not_started',
      `redis-server did not start on port ${port}: ${isReady.said.trim()}`,
    );
  }
  return { url: `redis://127.0.0.1:${port}`, pid: program.pid, stop };
}

function readUntilReady(
  stdout: NodeJS.ReadableStream,
  exited: Promise<unknown>,
): Promise<{ found: boolean; said: string }> {
  return new Promise((resolve) => {
    let said = '';
    const limit = setTimeout(() => resolve({ found: false, said }), startLimitMs);
    const end = (found: boolean): void => {
      clearTimeout(limit);
      resolve({ found, said: said.slice(-2000) });
    };
    stdout.on('data', (chunk: Buffer) => {
      // Read on after the start too: a full pipe would stop the server.
      said = (said + chunk.toString('utf8')).slice(-8000);
      if (said.includes('Ready to accept connections')) end(true);
    });
    void exited.then(() => end(false));
  });
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
