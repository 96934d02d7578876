import {
  createDataSource,
  JobsStore,
  migrateDatabase,
  RefreshStore,
  RepositoriesStore,
  WorkersStore,
} from '@nohands/database';
import { system } from '@nohands/domain';
import { GitError, GitMirror, GitMirrors } from '@nohands/git';
import { createTestDatabase, GitFixture, temporaryDirectory } from '@nohands/testing';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { MirrorTidier } from './mirror-tidier.js';
import type { RepositoryMirrors } from './repository-mirrors.js';
import { RepositoryRefresher } from './repository-refresher.js';

const worker = system('test');
const workerId = randomUUID();
let folder: Awaited<ReturnType<typeof temporaryDirectory>>;
let database: Awaited<ReturnType<typeof createTestDatabase>>;
let dataSource: ReturnType<typeof createDataSource>;
let refresher: RepositoryRefresher;
const tidier = new MirrorTidier();
let remote: GitFixture;
let repositoryId: number;
let number = 0;

beforeAll(async () => {
  folder = await temporaryDirectory();
  database = await createTestDatabase();
  await migrateDatabase(database.connectionString);
  dataSource = await createDataSource(database.connectionString, { poolSize: 4 }).initialize();
  await new WorkersStore(dataSource).register(worker, {
    id: workerId,
    host: 'test',
    pid: process.pid,
    version: '0',
    slots: 1,
  });
  const settings = {
    mirrorsDirectory: join(folder.path, 'mirrors'),
    allowLocal: true,
    allowPrivateAddresses: false,
  };
  const gitMirrors = new GitMirrors(settings);
  const mirrors: Pick<RepositoryMirrors, 'open'> = {
    open: ({ id, url }) => gitMirrors.open(id, { url, credentials: null }),
  };
  refresher = new RepositoryRefresher(
    mirrors as RepositoryMirrors,
    new RepositoriesStore(dataSource),
    new RefreshStore(dataSource),
    tidier,
  );
});

beforeEach(async () => {
  const name = `r${++number}`;
  remote = new GitFixture(join(folder.path, name));
  repositoryId = (await new RepositoriesStore(dataSource).create(worker, { name, url: remote.directory })).id;
});

afterEach(() => vi.restoreAllMocks());

afterAll(async () => {
  await tidier.onApplicationShutdown();
  await dataSource.destroy();
  await database.drop();
  await folder.remove();
});

/** Claims the refresh that is waited for (or a new one) and runs it. */
async function refresh() {
  const jobs = new JobsStore(dataSource);
  await dataSource.query(
    `INSERT INTO jobs (kind, subject, payload) VALUES ('refresh-repository', $1, $2) ON CONFLICT DO NOTHING`,
    [String(repositoryId), JSON.stringify({ repositoryId })],
  );
  const job = await jobs.claim(worker, workerId, ['refresh-repository']);
  if (job === null) throw new Error('no refresh waits');
  const result = await refresher
    .refresh(repositoryId, { jobId: job.id, attempt: job.attempt })
    .catch(async (error: unknown) => {
      await jobs.fail(worker, job, 'test', String(error));
      throw error;
    });
  await jobs.finish(worker, job, result);
  return result;
}

/** The stored members of a branch, oldest first. */
async function members(branch: string): Promise<string[]> {
  const rows: { sha: string }[] = await dataSource.query(
    `SELECT c.sha FROM refs f JOIN branch_commits m ON m.ref_id = f.id AND m.generation = f.generation
       JOIN commits c ON c.id = m.commit_id
      WHERE f.repository_id = $1 AND f.kind = 'branch' AND f.name = $2 ORDER BY m.position`,
    [repositoryId, branch],
  );
  return rows.map(({ sha }) => sha);
}

const repository = () => new RepositoriesStore(dataSource).find(worker, repositoryId);
const log = (...revisions: string[]) =>
  remote.git('rev-list', '--date-order', '--reverse', ...revisions).split('\n');

async function countStatements(work: () => Promise<unknown>): Promise<number> {
  const before = dataSource.logger;
  let count = 0;
  dataSource.setOptions({ logging: ['query'] });
  dataSource.logger = {
    ...before,
    logQuery: () => void count++,
    logQueryError: () => undefined,
    logQuerySlow: () => undefined,
  } as typeof before;
  await work();
  dataSource.logger = before;
  dataSource.setOptions({ logging: false });
  return count;
}

describe(RepositoryRefresher.name, () => {
  it('stores branches, tags, commits and who belongs where, and then only what is new', async () => {
    remote.commit('one');
    remote.git('tag', '-a', 'v1', '-m', 'v1');
    remote.git('checkout', '--quiet', '-b', 'side');
    remote.commit('side');
    remote.git('checkout', '--quiet', 'main');
    remote.commit('two');
    expect(await refresh()).toEqual({ newCommits: 3, changedRefs: 3 });
    expect(await repository()).toMatchObject({ refreshStatus: 'idle', defaultBranch: 'main' });
    expect(await members('main')).toEqual(log('main'));
    expect(await members('side')).toEqual(log('side'));

    expect(await refresh()).toEqual({ newCommits: 0, changedRefs: 0 });
    remote.git('merge', '--quiet', '--no-edit', 'side');
    remote.commit('three');
    expect(await refresh()).toEqual({ newCommits: 2, changedRefs: 1 });
    expect((await members('main')).toSorted()).toEqual(log('main').toSorted());
    expect((await members('main')).at(-1)).toBe(remote.git('rev-parse', 'main'));
  });

  it('follows a force-push and a deleted branch, and keeps the commits', async () => {
    const base = remote.commit('base');
    const old = remote.commit('old');
    remote.git('branch', 'gone');
    await refresh();
    remote.git('branch', '-D', 'gone');
    remote.git('reset', '--quiet', '--hard', base);
    const forced = remote.commit('forced');
    await refresh();
    expect(await members('main')).toEqual([base, forced]);
    expect(await members('gone')).toEqual([]);
    const [{ count }] = await dataSource.query(
      'SELECT count(*)::int AS count FROM commits WHERE repository_id = $1 AND sha = $2',
      [repositoryId, old],
    );
    expect(count).toBe(1);
  });

  it('takes as many statements for thirty moved branches as for one', async () => {
    remote.commit('base');
    const names = Array.from({ length: 30 }, (_, index) => `b${index}`);
    for (const name of names) remote.git('branch', name);
    await refresh();
    remote.commit('one more');
    const one = await countStatements(refresh);
    const next = remote.commit('and more');
    for (const name of names) remote.git('branch', '--force', name, next);
    const thirty = await countStatements(refresh);
    expect(one).toBeGreaterThan(3);
    expect(thirty).toBe(one);
    expect((await members('b29')).at(-1)).toBe(next);
  });

  it('ends failed with a sentence when the remote is gone, and well again when it is back', async () => {
    remote.commit('one');
    await refresh();
    await dataSource.query('UPDATE repositories SET url = $2 WHERE id = $1', [repositoryId, '/no/such/path']);
    await expect(refresh()).rejects.toMatchObject({ code: 'repository_not_found' });
    expect(await repository()).toMatchObject({
      refreshStatus: 'failed',
      refreshError: expect.stringContaining('no git repository'),
    });
    expect(await members('main')).toHaveLength(1);
    await dataSource.query('UPDATE repositories SET url = $2 WHERE id = $1', [
      repositoryId,
      remote.directory,
    ]);
    await refresh();
    expect(await repository()).toMatchObject({ refreshStatus: 'idle', refreshError: null });
  });

  it('finds the same members by one walk for many branches as git does for each', async () => {
    const indexes = Array.from({ length: 21 }, (_, index) => index);
    for (const index of indexes) {
      remote.commit(`main ${index}`);
      remote.git('branch', `b${index}`);
      if (index % 4 !== 0) continue;
      remote.git('checkout', '--quiet', `b${index}`);
      remote.commit(`side ${index}`);
      remote.git('checkout', '--quiet', 'main');
      if (index % 8 === 0) remote.git('merge', '--quiet', '--no-edit', `b${index}`);
    }
    remote.git('branch', 'old', 'main~10');
    const walks = vi.spyOn(GitMirror.prototype, 'walkCommits');
    await refresh();
    expect(walks.mock.calls.length).toBeLessThanOrEqual(2);
    const names = ['main', 'old', ...indexes.map((index) => `b${index}`)];
    for (const name of names) expect([name, await members(name)]).toEqual([name, log(name)]);

    // Fast-forwards, force-pushes, a branch set back, and new ones on commits that are known.
    const tip = remote.commit('after all');
    for (const index of indexes) {
      if (index % 2 === 0)
        remote.git('branch', '--force', `b${index}`, index % 4 === 0 ? tip : `main~${index % 5}`);
      else remote.git('branch', `new${index}`, `main~${index % 9}`);
    }
    remote.git('branch', '--force', 'old', 'main~15');
    await refresh();
    const added = indexes.filter((index) => index % 2 === 1).map((index) => `new${index}`);
    for (const name of [...names, ...added]) {
      expect([name, (await members(name)).toSorted()]).toEqual([name, log(name).toSorted()]);
      expect((await members(name)).at(-1)).toBe(remote.git('rev-parse', name));
    }
  });

  it('gives the default branch the first id, whatever its name', async () => {
    remote.commit('one');
    remote.git('branch', 'aaa');
    remote.git('checkout', '--quiet', '-b', 'zzz');
    await refresh();
    const branches = await dataSource.query(
      `SELECT name FROM refs WHERE repository_id = $1 AND kind = 'branch' ORDER BY id`,
      [repositoryId],
    );
    expect(branches.map(({ name }: { name: string }) => name)).toEqual(['zzz', 'aaa', 'main']);
  });

  it('tidies the mirror after new commits, and not after a look that found nothing', async () => {
    const tidy = vi.spyOn(GitMirror.prototype, 'tidy').mockRejectedValueOnce(new Error('no room'));
    remote.commit('one');
    await refresh();
    await refresh();
    await tidier.settled();
    expect(tidy).toHaveBeenCalledTimes(1);
    remote.commit('two');
    await refresh();
    await tidier.settled();
    expect(tidy).toHaveBeenCalledTimes(2);
  });

  it('begins once more when the mirror turns out damaged in the middle of a walk', async () => {
    const sha = remote.commit('one');
    const walk = vi.spyOn(GitMirror.prototype, 'walkCommits');
    walk.mockImplementationOnce(async function* () {
      throw new GitError('mirror_damaged', 'The copy is damaged.');
    });
    expect(await refresh()).toEqual({ newCommits: 1, changedRefs: 1 });
    expect(await members('main')).toEqual([sha]);

    walk.mockImplementation(async function* () {
      throw new GitError('mirror_damaged', 'The copy is damaged.');
    });
    remote.commit('two');
    await expect(refresh()).rejects.toMatchObject({ code: 'mirror_damaged' });
    expect(await repository()).toMatchObject({ refreshStatus: 'failed' });
  });
});
