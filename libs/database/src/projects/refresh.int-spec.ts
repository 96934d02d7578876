import { DataSource } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { dataSourceOptions } from '../data-source.js';
import { openMigratedDatabase, problemCodeOf, type MigratedDatabase } from '../migrated-database.fixture.js';
import { readRow, readRows } from '../sql.js';
import { longestMembership } from './membership-writes.js';
import type { NewCommit } from './refresh-writes.js';
import { RefreshFencedError, RefreshStore } from './refresh.store.js';
import { RepositoriesStore } from './repositories.store.js';
import { applyRefresh, commit, freshBranches, shaOf, worker } from './repository.fixture.js';

describe(RefreshStore.name, () => {
  let database: MigratedDatabase;
  let refreshes: RefreshStore;
  let repositories: RepositoriesStore;
  let id: number;
  beforeAll(async () => {
    database = await openMigratedDatabase();
    refreshes = new RefreshStore(database.dataSource);
    repositories = new RepositoriesStore(database.dataSource);
  });
  beforeEach(async () => {
    await database.dataSource.query('TRUNCATE repositories, jobs RESTART IDENTITY CASCADE');
    ({ id } = await repositories.create(worker, { name: 'app', url: 'https://git.test/app' }));
    await database.dataSource.query('TRUNCATE jobs');
  });
  afterAll(() => database.close());

  const apply = (refresh: Parameters<typeof applyRefresh>[2]) =>
    applyRefresh(database.dataSource, id, refresh);
  const members = (branch: string) =>
    readRows<{ generation: number; position: number; message: string }>(
      database.dataSource,
      `SELECT m.generation, m.position, trim(c.message, E'\\n') AS message
         FROM branch_commits m JOIN refs f ON f.id = m.ref_id JOIN commits c ON c.id = m.commit_id
        WHERE f.name = $1 ORDER BY m.generation, m.position`,
      [branch],
    ).then((rows) => rows.map(({ generation, position, message }) => `${generation}.${position} ${message}`));
  const commitCount = () =>
    readRow<{ n: number }>(database.dataSource, 'SELECT count(*)::int AS n FROM commits').then(
      (row) => row?.n,
    );

  it('writes a first look at a remote and ends the refresh', async () => {
    const result = await apply({
      ...freshBranches({ main: ['a', 'b'], topic: ['a', 'c'] }),
      tags: [{ name: 'v1', sha: shaOf('a') }],
    });
    expect(result).toMatchObject({ newCommits: 3, changedRefs: 3, skippedRefs: [] });
    expect(await repositories.find(worker, id)).toMatchObject({
      refreshStatus: 'idle',
      refreshedAt: expect.any(Date),
      refreshError: null,
      defaultBranch: 'main',
      revision: result.revision,
    });
    expect(await refreshes.loadKnownRefs(worker, id)).toEqual([
      { kind: 'branch', name: 'main', sha: shaOf('b') },
      { kind: 'branch', name: 'topic', sha: shaOf('c') },
      { kind: 'tag', name: 'v1', sha: shaOf('a') },
    ]);
    expect(await refreshes.knownCommits(worker, id, ['a', 'c', 'x'].map(shaOf))).toEqual(
      new Set([shaOf('a'), shaOf('c')]),
    );
    expect((await members('topic')).map((row) => row.slice(2))).toEqual(['1 a', '2 c']);
  });

  it('appends after a fast-forward and starts anew after a force-push', async () => {
    await apply(freshBranches({ main: ['a', 'b'] }));
    const [first] = await members('main');
    const generation = Number(first?.split('.')[0]);
    await apply({
      branches: [{ name: 'main', sha: shaOf('d') }],
      commits: [commit('c'), commit('d')],
      memberships: [{ branch: 'main', mode: 'append', shas: [shaOf('c'), shaOf('d')] }],
    });
    expect(await members('main')).toEqual(['1 a', '2 b', '3 c', '4 d'].map((row) => `${generation}.${row}`));
    await apply({
      branches: [{ name: 'main', sha: shaOf('e') }],
      commits: [commit('e')],
      memberships: [{ branch: 'main', mode: 'replace', shas: [shaOf('a'), shaOf('e')] }],
    });
    expect(await members('main')).toEqual(['1 a', '2 e'].map((row) => `${generation + 1}.${row}`));
    expect(await commitCount()).toBe(5);
  });

  it('deletes what the remote no longer has and changes nothing else', async () => {
    await apply({
      ...freshBranches({ main: ['a'], gone: ['b'] }),
      tags: [{ name: 'gone', sha: shaOf('a') }],
    });
    const ids = () => readRows(database.dataSource, 'SELECT id, name FROM refs ORDER BY id');
    const [main] = await ids();
    const keep = { branches: [{ name: 'main', sha: shaOf('a') }] };
    expect(await apply(keep)).toMatchObject({ changedRefs: 2, newCommits: 0 });
    expect(await ids()).toEqual([main]);
    expect(await apply(keep)).toMatchObject({ changedRefs: 0 });
    expect(await repositories.find(worker, id)).toMatchObject({ defaultBranch: 'main' });
  });

  it('keeps a chosen default branch until it is gone', async () => {
    await repositories.update(worker, id, { defaultBranch: 'release' });
    const both = freshBranches({ main: ['a'], release: ['b'] });
    await apply(both);
    expect(await repositories.find(worker, id)).toMatchObject({ defaultBranch: 'release' });
    await apply({ defaultBranch: 'main', branches: [{ name: 'main', sha: shaOf('a') }] });
    expect(await repositories.find(worker, id)).toMatchObject({ defaultBranch: 'main' });
  });

  it('keeps the newest members of a long branch, at the first look and by appending', async () => {
    const names = Array.from({ length: longestMembership + 5 }, (_, index) => `c${index + 1}`);
    await apply(freshBranches({ main: names }));
    const before = await members('main');
    expect(before).toHaveLength(longestMembership);
    expect(before.at(0)).toMatch(/\.6 c6$/);
    await apply({
      branches: [{ name: 'main', sha: shaOf('new2') }],
      commits: [commit('new1'), commit('new2')],
      memberships: [{ branch: 'main', mode: 'append', shas: [shaOf('new1'), shaOf('new2')] }],
    });
    const after = await members('main');
    expect(after).toHaveLength(longestMembership);
    expect(after.at(0)).toMatch(/\.8 c8$/);
    expect(after.at(-1)).toMatch(`.${longestMembership + 7} new2`);
  });

  it('writes nothing when the stream of commits breaks, a commit is missing or the claim is lost', async () => {
    await apply(freshBranches({ main: ['a'] }));
    const before = await repositories.find(worker, id);
    async function* broken(): AsyncGenerator<NewCommit> {
      for (let index = 0; index < 1_500; index += 1) yield commit(`x${index}`);
      throw new Error('git went away');
    }
    const head = { branches: [{ name: 'main', sha: shaOf('b') }] };
    await expect(apply({ ...head, commits: broken() })).rejects.toThrow('git went away');
    await expect(apply({ ...head, commits: [] })).rejects.toThrow('not given');
    await expect(
      apply({
        ...head,
        commits: [commit('b')],
        memberships: [{ branch: 'main', mode: 'append', shas: [shaOf('z')] }],
      }),
    ).rejects.toThrow('not given');
    const job = await readRow<{ id: number }>(
      database.dataSource,
      `INSERT INTO jobs (kind, subject, status, attempt) VALUES ('refresh-repository', 'x', 'running', 2) RETURNING id`,
    );
    const jobId = job?.id ?? 0;
    const whole = freshBranches({ main: ['a', 'b'] });
    await expect(refreshes.apply(worker, id, whole, { jobId, attempt: 1 })).rejects.toThrow(
      RefreshFencedError,
    );
    const failure = { code: 'timeout', message: 'Too slow.' };
    await expect(refreshes.fail(worker, id, failure, { jobId, attempt: 1 })).rejects.toThrow(
      RefreshFencedError,
    );
    expect(await repositories.find(worker, id)).toEqual(before);
    expect(await commitCount()).toBe(1);
    expect(await refreshes.apply(worker, id, whole, { jobId, attempt: 2 })).toMatchObject({ newCommits: 1 });
  });

  it('needs no more statements for forty branches than for two', async () => {
    let statements = 0;
    const noted = () => (statements += 1);
    const ignored = () => undefined;
    const counted = await new DataSource({
      ...dataSourceOptions(database.connectionString),
      logging: ['query'],
      logger: {
        logQuery: noted,
        logQueryError: ignored,
        logQuerySlow: ignored,
        logSchemaBuild: ignored,
        logMigration: ignored,
        log: ignored,
      },
    }).initialize();
    const cost = async (count: number) => {
      const { id: fresh } = await repositories.create(worker, {
        name: `app${count}`,
        url: 'https://git.test/app',
      });
      const branches = Array.from(
        { length: count },
        (_, index) => [`b${index}`, ['root', `c${index}`]] as const,
      );
      statements = 0;
      await applyRefresh(counted, fresh, freshBranches(Object.fromEntries(branches)));
      return statements;
    };
    const [few, many] = [await cost(2), await cost(40)];
    await counted.destroy();
    expect(few).toBeGreaterThan(5);
    expect(many).toBe(few);
  });

  it('uses up no keys for what is known already', async () => {
    const refresh = freshBranches({ main: ['a', 'b'] });
    for (let round = 0; round < 3; round += 1) await apply(refresh);
    await apply({ branches: [{ name: 'main', sha: shaOf('c') }], commits: [commit('c')] });
    expect(await readRow(database.dataSource, 'SELECT max(id) AS last FROM commits')).toEqual({ last: 3 });
  });

  it('stores what git allows and Postgres does not', async () => {
    const odd: NewCommit = {
      ...commit('odd'),
      message: 'a\0b {"c"} \\ , NULL \ud800',
      author: '',
      committedAt: new Date(Number.NaN),
      parents: [shaOf('p1'), shaOf('p2')],
    };
    const ancient = { ...commit('ancient'), committedAt: new Date(-8.64e15) };
    const far = { ...commit('far'), committedAt: new Date(8.64e15) };
    const long = 'l'.repeat(256);
    const result = await apply({
      branches: ['odd', 'ancient', 'far'].map((name) => ({ name, sha: shaOf(name) })),
      tags: [{ name: long, sha: shaOf('odd') }],
      commits: [odd, ancient, far],
    });
    expect(result.skippedRefs).toEqual([long]);
    const [stored] = await readRows(
      database.dataSource,
      'SELECT message, author, parents, committed_at AS at FROM commits WHERE sha = $1',
      [odd.sha],
    );
    expect(stored).toEqual({
      message: 'a\ufffdb {"c"} \\ , NULL \ufffd',
      author: '',
      parents: odd.parents,
      at: new Date(0),
    });
  });

  it('stays running while somebody who asked later waits, and tells why it failed', async () => {
    await repositories.requestRefresh(worker, id);
    await apply(freshBranches({ main: ['a'] }));
    expect(await repositories.find(worker, id)).toMatchObject({ refreshStatus: 'running' });
    await database.dataSource.query(`UPDATE jobs SET status = 'running'`);
    await refreshes.fail(worker, id, { code: 'remote_unreachable', message: 'No answer.' }, null);
    expect(await repositories.find(worker, id)).toMatchObject({
      refreshStatus: 'failed',
      refreshErrorCode: 'remote_unreachable',
      refreshError: 'No answer.',
    });
    await apply(freshBranches({ main: ['a'] }));
    expect(await repositories.find(worker, id)).toMatchObject({
      refreshStatus: 'idle',
      refreshError: null,
      refreshErrorCode: null,
    });
  });

  it('sees a request that is being written at the very moment it ends', async () => {
    const asking = database.dataSource.createQueryRunner();
    await asking.startTransaction();
    await asking.query(`UPDATE repositories SET refresh_status = 'running' WHERE id = $1`, [id]);
    const ended = apply(freshBranches({ main: ['a'] }));
    const waiting = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    while ((await readRow(database.dataSource, waiting)) === null);
    await asking.query(`INSERT INTO jobs (kind, subject) VALUES ('refresh-repository', $1)`, [String(id)]);
    await asking.commitTransaction();
    await asking.release();
    await ended;
    expect(await repositories.find(worker, id)).toMatchObject({ refreshStatus: 'running' });
  });

  it('lets two refreshes of one repository follow each other', async () => {
    const results = await Promise.all([1, 2, 3].map(() => apply(freshBranches({ main: ['a', 'b'] }))));
    expect(results.map(({ newCommits }) => newCommits).sort()).toEqual([0, 0, 2]);
    expect(await members('main')).toHaveLength(2);
  });

  it('says that the repository is gone', async () => {
    await repositories.delete(worker, id);
    expect(await problemCodeOf(apply(freshBranches({ main: ['a'] })))).toBe('not_found');
    await refreshes.fail(worker, id, { code: 'timeout', message: 'Too slow.' }, null);
  });
});
