import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Client } from 'pg';
import { startEmbeddedPostgres } from './embedded-postgres.js';
import { findServerProcesses } from './postgres-orphans.js';
import { locateServiceHome, removeOutsideHome } from './service-home.js';

const isRoot = process.getuid?.() === 0;

async function query(connectionString: string, statement: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(statement)).rows;
  } finally {
    await client.end();
  }
}

describe(startEmbeddedPostgres.name, () => {
  let parent: string;
  let dataDir: string;
  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'nohands-embedded-'));
    dataDir = join(parent, 'data folder');
  });
  afterEach(async () => {
    await removeOutsideHome(dataDir);
    rmSync(parent, { recursive: true, force: true });
  });

  it('keeps its rows from one start to the next', async () => {
    const first = await startEmbeddedPostgres({ dataDir });
    await query(first.connectionString, 'CREATE TABLE kept AS SELECT 7 AS it');
    await first.stop();
    const second = await startEmbeddedPostgres({ dataDir });
    expect(await query(second.connectionString, 'SELECT it FROM kept')).toEqual([{ it: 7 }]);
    await second.stop();
  });

  it('never runs as root, behind a folder nobody else can enter', async () => {
    const postgres = await startEmbeddedPostgres({ dataDir });
    const [row] = await query(postgres.connectionString, 'SHOW unix_socket_directories');
    const folder = statSync(String(row?.['unix_socket_directories']));
    expect(folder.mode & 0o777).toBe(0o700);
    expect(folder.uid).not.toBe(0);
    expect(statSync(`/proc/${postgres.pid}`).uid).toBe(folder.uid);
    await postgres.stop();
  });

  it.runIf(isRoot)('moves to /var/lib where only root can enter the data folder, and says so', async () => {
    chmodSync(parent, 0o700);
    const postgres = await startEmbeddedPostgres({ dataDir });
    const { home } = JSON.parse(readFileSync(join(dataDir, 'location.json'), 'utf8')) as { home: string };
    expect(home).toMatch(/^\/var\/lib\/nohands\/[0-9a-f]{12}$/);
    expect(existsSync(join(home, 'postgres', 'data', 'PG_VERSION'))).toBe(true);
    await postgres.stop();
    await removeOutsideHome(dataDir);
    expect(existsSync(home)).toBe(false);
  });

  it.runIf(isRoot)('stays in the data folder where other users can pass through', async () => {
    chmodSync(parent, 0o711);
    const postgres = await startEmbeddedPostgres({ dataDir });
    expect(existsSync(join(dataDir, 'postgres', 'data', 'PG_VERSION'))).toBe(true);
    await postgres.stop();
    // A database that nobody reaches any more is never replaced by an empty one.
    chmodSync(parent, 0o700);
    await expect(startEmbeddedPostgres({ dataDir })).rejects.toMatchObject({ code: 'data_dir_closed' });
  });

  it.runIf(isRoot)('runs as the owner of data that another user began', async () => {
    chmodSync(parent, 0o711);
    await (await startEmbeddedPostgres({ dataDir })).stop();
    const folder = join(dataDir, 'postgres');
    execFileSync('chown', ['-R', 'games:games', folder]);
    const postgres = await startEmbeddedPostgres({ dataDir });
    expect(statSync(`/proc/${postgres.pid}`).uid).toBe(statSync(join(folder, 'data')).uid);
    await postgres.stop();
  });

  it.runIf(isRoot)('refuses a copied data folder, follows a moved one', async () => {
    chmodSync(parent, 0o700);
    const { path } = await locateServiceHome(dataDir);
    const copy = join(parent, 'copy');
    cpSync(dataDir, copy, { recursive: true });
    await expect(locateServiceHome(copy)).rejects.toMatchObject({ code: 'data_dir_copied' });
    rmSync(dataDir, { recursive: true });
    expect(await locateServiceHome(copy)).toMatchObject({ path });
    await removeOutsideHome(copy);
  });

  it('begins again where initdb was interrupted', async () => {
    const { path } = await locateServiceHome(dataDir);
    mkdirSync(join(path, 'postgres', 'data.new'), { recursive: true });
    writeFileSync(join(path, 'postgres', 'data.new', 'PG_VERSION'), '18\n');
    const postgres = await startEmbeddedPostgres({ dataDir });
    expect(await query(postgres.connectionString, 'SELECT 1 AS it')).toEqual([{ it: 1 }]);
    await postgres.stop();
  });

  it('is not held up by the lock of a server that was killed', async () => {
    const first = await startEmbeddedPostgres({ dataDir });
    process.kill(first.pid, 'SIGKILL');
    await first.exited;
    const { path } = await locateServiceHome(dataDir);
    const lock = join(path, 'postgres', 'data', 'postmaster.pid');
    // The number now belongs to a living process that is no Postgres: this one.
    writeFileSync(lock, readFileSync(lock, 'utf8').replace(/^\d+/, String(process.pid)));
    const second = await startEmbeddedPostgres({ dataDir });
    expect(await query(second.connectionString, 'SELECT 1 AS it')).toEqual([{ it: 1 }]);
    await second.stop();
  });

  it('stops a server that a killed launcher left behind', async () => {
    const first = await startEmbeddedPostgres({ dataDir });
    const [folder] = await query(first.connectionString, 'SHOW data_directory');
    const data = String(folder?.['data_directory']);
    const [program = '', ...args] = readFileSync(`/proc/${first.pid}/cmdline`, 'utf8')
      .split('\0')
      .slice(0, -1);
    const { uid, gid } = statSync(data);
    await first.stop();

    const orphan = spawn(program, args, {
      cwd: '/',
      env: {},
      uid,
      gid,
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    await once(orphan.stderr, 'data');
    const orphanGone = once(orphan, 'exit');
    const second = await startEmbeddedPostgres({ dataDir });
    await orphanGone;
    expect(await query(second.connectionString, 'SELECT 1 AS it')).toEqual([{ it: 1 }]);
    await second.stop();
    expect(await findServerProcesses(data)).toEqual([]);
  });
});
