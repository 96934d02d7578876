import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openMigratedDatabase, problemCodeOf, type MigratedDatabase } from '../migrated-database.fixture.js';
import { readRow } from '../sql.js';
import { CommitsStore, type CommitRow } from './commits.store.js';
import { RefsStore } from './refs.store.js';
import { RepositoriesStore } from './repositories.store.js';
import { applyRefresh, commit, makeUser, shaOf, worker } from './repository.fixture.js';

let database: MigratedDatabase;
let commits: CommitsStore;
let refs: RefsStore;
let id: number;
let other: number;
const url = 'https://git.test/app';
const named = (name: string) => ({ name, sha: shaOf(name) });
const messages = ({ results }: { results: CommitRow[] }) => results.map(({ message }) => message.trim());

// main: root one two | release: root one fix | old: root | tag on "loose", which no branch holds.
beforeAll(async () => {
  database = await openMigratedDatabase();
  commits = new CommitsStore(database.dataSource);
  refs = new RefsStore(database.dataSource);
  const repositories = new RepositoriesStore(database.dataSource);
  const ada = await makeUser(database.dataSource, 'ada@test');
  ({ id } = await repositories.create(ada, { name: 'app', url }));
  ({ id: other } = await repositories.create(worker, { name: 'other', url }));
  const branch = (name: string, ...shas: string[]) => ({
    branch: name,
    mode: 'replace' as const,
    shas: shas.map(shaOf),
  });
  await applyRefresh(database.dataSource, id, {
    defaultBranch: 'main',
    branches: [
      { name: 'main', sha: shaOf('two') },
      { name: 'old', sha: shaOf('root') },
      { name: 'release', sha: shaOf('fix') },
    ],
    tags: [{ name: 'v1', sha: shaOf('loose') }],
    commits: [commit('root', 1), commit('one', 2), commit('two', 3), commit('fix', 4), commit('loose', 4)],
    memberships: [
      branch('main', 'root', 'one', 'two'),
      branch('release', 'root', 'one', 'fix'),
      branch('old', 'root'),
    ],
  });
  await applyRefresh(database.dataSource, other, {
    branches: [named('secret')],
    commits: [commit('secret', 9)],
  });
});
afterAll(() => database.close());

const asAda = async () => {
  const row = await readRow<{ id: number }>(
    database.dataSource,
    `SELECT id FROM users WHERE email = 'ada@test'`,
  );
  return { kind: 'user', userId: row?.id ?? 0, email: 'ada@test', isAdmin: false, tokenId: null } as const;
};
const stranger = { kind: 'user', userId: 999, email: 's@test', isAdmin: false, tokenId: null } as const;

describe(CommitsStore.name, () => {
  it('lists a branch newest first and calls every commit by it', async () => {
    const release = await refs.findByName(worker, id, 'branch', 'release');
    const page = await commits.pageOfBranch(worker, release?.id ?? 0, { limit: 2 });
    expect(messages(page)).toEqual(['fix', 'one']);
    expect(page.count).toBe(3);
    expect(page.results.map(({ branchName }) => branchName)).toEqual(['release', 'release']);
    const rest = await commits.pageOfBranch(worker, release?.id ?? 0, { limit: 2, cursor: page.next });
    expect(messages(rest)).toEqual(['root']);
    expect(Object.keys(rest.results[0] ?? {})).not.toContain('position');
  });

  it('lists a repository by time, each commit by the default branch or else the newest that holds it', async () => {
    const page = await commits.page(worker, id, { limit: 20 });
    expect(page.results.map(({ message, branchName }) => [message.trim(), branchName])).toEqual([
      ['loose', null],
      ['fix', 'release'],
      ['two', 'main'],
      ['one', 'main'],
      ['root', 'main'],
    ]);
    await database.dataSource.query('UPDATE repositories SET default_branch = NULL WHERE id = $1', [id]);
    expect((await commits.findBySha(worker, id, shaOf('root')))?.branchName).toBe('release');
    await database.dataSource.query(`UPDATE repositories SET default_branch = 'main' WHERE id = $1`, [id]);
  });

  it('walks commits of one time with cursors, each once', async () => {
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page: Awaited<ReturnType<CommitsStore['page']>> = await commits.page(worker, null, {
        limit: 1,
        cursor,
      });
      seen.push(...messages(page));
      cursor = page.next;
    } while (cursor !== null);
    expect(seen).toEqual(['secret', 'loose', 'fix', 'two', 'one', 'root']);
  });

  it('finds by full SHA and by unique prefix, in either case', async () => {
    const sha = shaOf('two');
    for (const text of [sha, sha.toUpperCase(), sha.slice(0, 7), sha.slice(0, 39)]) {
      expect((await commits.findBySha(worker, id, text))?.message).toBe('two\n');
    }
    for (const text of [sha.slice(0, 6), `${sha}0`, '', '%', 'zzzzzzz', shaOf('secret')]) {
      expect(await commits.findBySha(worker, id, text)).toBeNull();
    }
  });

  it('refuses a prefix of two commits', async () => {
    const twins = ['0', 'f'].map((end) => ({ ...commit('twin'), sha: 'abcdef01'.padEnd(39, '7') + end }));
    const { id: fresh } = await new RepositoriesStore(database.dataSource).create(worker, {
      name: 'twins',
      url,
    });
    await applyRefresh(database.dataSource, fresh, { commits: twins });
    expect(await problemCodeOf(commits.findBySha(worker, fresh, 'abcdef01'))).toBe('ambiguous_ref');
    expect(await commits.findBySha(worker, fresh, twins[1]?.sha ?? '')).toMatchObject({ sha: twins[1]?.sha });
    await new RepositoriesStore(database.dataSource).delete(worker, fresh);
  });

  it('shows people their own repositories only', async () => {
    const ada = await asAda();
    const secret = await commits.findBySha(worker, other, shaOf('secret'));
    expect((await commits.page(ada, null, { limit: 20 })).count).toBe(5);
    expect((await commits.page(stranger, null, { limit: 20 })).results).toEqual([]);
    expect(await commits.find(ada, secret?.id ?? 0)).toBeNull();
    expect(await commits.find(worker, secret?.id ?? 0)).toMatchObject({ repositoryName: 'other' });
    expect(await commits.findBySha(ada, other, shaOf('secret'))).toBeNull();
    const branch = await refs.findByName(worker, id, 'branch', 'main');
    expect((await commits.pageOfBranch(stranger, branch?.id ?? 0, { limit: 20 })).results).toEqual([]);
    expect((await commits.pageOfBranch(ada, 2 ** 40, { limit: 20 })).results).toEqual([]);
  });
});

describe(RefsStore.name, () => {
  it('lists branches and tags by name with the head of each', async () => {
    const page = await refs.page(worker, 'branch', id, { limit: 2 });
    expect(page).toMatchObject({ count: 3, previous: null });
    expect(page.results.map(({ name, commitSha }) => [name, commitSha])).toEqual([
      ['main', shaOf('two')],
      ['old', shaOf('root')],
    ]);
    const rest = await refs.page(worker, 'branch', id, { limit: 2, cursor: page.next });
    expect(rest.results.map(({ name }) => name)).toEqual(['release']);
    expect((await refs.page(worker, 'tag', id, { limit: 20 })).results).toMatchObject([
      { name: 'v1', kind: 'tag', repositoryName: 'app', lastUpdated: commit('loose', 4).committedAt },
    ]);
  });

  it('shows people their own repositories only, and no tag as a branch', async () => {
    const ada = await asAda();
    const tag = await refs.findByName(ada, id, 'tag', 'v1');
    expect(await refs.find(ada, 'tag', tag?.id ?? 0)).toEqual(tag);
    expect(await refs.find(ada, 'branch', tag?.id ?? 0)).toBeNull();
    expect(await refs.find(stranger, 'tag', tag?.id ?? 0)).toBeNull();
    expect(await refs.findByName(stranger, id, 'tag', 'v1')).toBeNull();
    expect(await refs.findByName(ada, other, 'branch', 'secret')).toBeNull();
    expect((await refs.page(ada, 'branch', null, { limit: 20 })).count).toBe(3);
    expect((await refs.page(worker, 'branch', null, { limit: 20 })).count).toBe(4);
  });
});
