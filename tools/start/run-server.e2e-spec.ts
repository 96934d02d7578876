import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { removeOutsideHome } from '@nohands/embedded';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const here = import.meta.dirname;

/** start.ts with small programs in place of API and worker, and without a schema. */
const starter = (folder: string): string => `
import { loadConfiguration } from ${JSON.stringify(join(here, '../../libs/config/dist/index.js'))};
import { runServer } from ${JSON.stringify(join(here, 'run-server.ts'))};
import { StopRequests } from ${JSON.stringify(join(here, 'stop-requests.ts'))};
const requests = new StopRequests();
requests.listen();
process.exitCode = await runServer(loadConfiguration(), {
  programs: { api: ${JSON.stringify(join(folder, 'api.mjs'))}, worker: ${JSON.stringify(join(folder, 'worker.mjs'))} },
  migrate: async () => undefined,
  prepareBuildUser: async () => 'nohands-build',
  say: (sentence) => console.log(sentence),
}, requests);
if (process.connected) process.disconnect();
`;

const program = (name: string): string => `
import { writeFileSync } from 'node:fs';
process.on('message', (message) => message === 'stop' && process.exit(0));
process.on('disconnect', () => process.exit(0));
console.log('${name} ' + process.pid + ' ' + JSON.stringify(process.env));
process.send({ ready: true, port: ${name === 'api' ? 8123 : 'undefined'} });
${name === 'api' ? "process.send({ setupUrl: 'http://localhost:8123/setup#once' });" : ''}
`;

/** One start: its process, and a way to wait for what it says. */
class Start {
  readonly process: ChildProcess;
  readonly exited: Promise<number | null>;
  readonly #lines: string[] = [];
  readonly #waiting = new Set<() => void>();

  constructor(folder: string, dataDir: string) {
    this.process = spawn(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', join(folder, 'start.ts')],
      {
        env: { PATH: process.env['PATH'] ?? '', DATA_DIR: dataDir, NOISE: 'must not reach a child' },
        stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
      },
    );
    this.exited = once(this.process, 'exit').then(([code]) => code as number | null);
    if (this.process.stdout === null) throw new Error('no output');
    createInterface({ input: this.process.stdout }).on('line', (line) => {
      this.#lines.push(line);
      for (const wake of this.#waiting) wake();
    });
  }

  /** The `count`th line with that beginning. */
  async line(beginning: string, count = 1): Promise<string> {
    for (;;) {
      const found = this.#lines.filter((line) => line.startsWith(beginning))[count - 1];
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  async child(name: string, count = 1): Promise<{ pid: number; environment: Record<string, string> }> {
    const [, pid, ...json] = (await this.line(`${name} `, count)).split(' ');
    return { pid: Number(pid), environment: JSON.parse(json.join(' ')) as Record<string, string> };
  }
}

/** Resolves when no process with that pid lives; zombies do not live. */
async function gone(pid: number): Promise<void> {
  while (isLiving(pid)) await new Promise((resolve) => setImmediate(resolve));
}

function isLiving(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false; // Expected: ENOENT, or ESRCH when it ends while it is read
  }
}

function postgresOf(folder: string): number[] {
  return readdirSync('/proc').flatMap((name) => {
    try {
      return /^\d+$/.test(name) && readlinkSync(`/proc/${name}/cwd`).startsWith(folder) ? [Number(name)] : [];
    } catch {
      return []; // Expected: it has ended meanwhile
    }
  });
}

describe('npm start', () => {
  let folder: string;
  let dataDir: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'nohands-start-'));
    dataDir = join(folder, 'data');
    writeFileSync(join(folder, 'start.ts'), starter(folder));
    for (const name of ['api', 'worker']) writeFileSync(join(folder, `${name}.mjs`), program(name));
  });
  afterEach(async () => {
    if (existsSync(dataDir)) await removeOutsideHome(dataDir);
    rmSync(folder, { recursive: true, force: true });
  });

  const homeOf = (): string =>
    existsSync(join(dataDir, 'location.json'))
      ? (JSON.parse(readFileSync(join(dataDir, 'location.json'), 'utf8')) as { home: string }).home
      : dataDir;

  it('starts everything, says where, gives children a made environment, and leaves nothing after a stop', async () => {
    const start = new Start(folder, dataDir);
    await start.line('NoHands is ready: http://localhost:8123');
    await start.line(
      'Create the first administrator (the link works once): http://localhost:8123/setup#once',
    );
    const { environment, pid } = await start.child('worker');
    expect(Object.keys(environment)).toEqual(
      expect.arrayContaining([
        'DATABASE_URL',
        'SECRET_KEY',
        'DATA_DIR',
        'NOHANDS_BUILD_USER',
        'NOHANDS_BUILD_STORAGE',
      ]),
    );
    expect(environment).not.toHaveProperty('NOISE');
    expect(statSync(join(dataDir, 'secret.key')).mode & 0o777).toBe(0o600);
    expect(existsSync(join(dataDir, 'sample', '.git'))).toBe(true);
    start.process.kill('SIGTERM');
    expect(await start.exited).toBe(0);
    await gone(pid);
    expect(postgresOf(homeOf())).toEqual([]);
  });

  it('says what runs when it is started twice', async () => {
    const first = new Start(folder, dataDir);
    await first.line('NoHands is ready');
    const second = new Start(folder, dataDir);
    expect(await second.line('NoHands already')).toBe(
      `NoHands already runs at http://localhost:8123 (process ${first.process.pid}) with this data folder. Nothing was started.`,
    );
    expect(await second.exited).toBe(0);
    first.process.kill('SIGTERM');
    await first.exited;
  });

  it('leaves no orphan when it is killed, and starts again with the same key', async () => {
    const first = new Start(folder, dataDir);
    const [api, worker] = [await first.child('api'), await first.child('worker')];
    const servers = postgresOf(homeOf());
    expect(servers.length).toBeGreaterThan(0);
    first.process.kill('SIGKILL');
    await Promise.all([api.pid, worker.pid, ...servers].map(gone));
    const second = new Start(folder, dataDir);
    expect((await second.child('api')).environment['SECRET_KEY']).toBe(api.environment['SECRET_KEY']);
    second.process.kill('SIGTERM');
    expect(await second.exited).toBe(0);
  });

  it('starts a killed worker and a killed Postgres again', async () => {
    const start = new Start(folder, dataDir);
    const worker = await start.child('worker');
    process.kill(worker.pid, 'SIGKILL');
    await start.child('worker', 2);
    const [postmaster] = postgresOf(homeOf());
    process.kill(postmaster ?? 0, 'SIGKILL');
    await start.line('The embedded Postgres ended; it is started again.');
    start.process.kill('SIGTERM');
    expect(await start.exited).toBe(0);
    expect(postgresOf(homeOf())).toEqual([]);
  });

  it('stops when the launcher is gone', async () => {
    const start = new Start(folder, dataDir);
    await start.line('NoHands is ready');
    start.process.disconnect();
    expect(await start.exited).toBe(0);
  });
});
