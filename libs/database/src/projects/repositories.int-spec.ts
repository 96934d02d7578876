import { Problem, type Principal } from '@nohands/domain';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openMigratedDatabase, problemCodeOf, type MigratedDatabase } from '../migrated-database.fixture.js';
import { NoticeListener } from '../notice-listener.js';
import type { Notice } from '../notices.js';
import { readRows } from '../sql.js';
import { RepositoriesStore } from './repositories.store.js';
import { makeMember, makeUser, worker } from './repository.fixture.js';

const url = 'https://git.test/app.git';

describe(RepositoriesStore.name, () => {
  let database: MigratedDatabase;
  let repositories: RepositoriesStore;
  beforeAll(async () => {
    database = await openMigratedDatabase();
    repositories = new RepositoriesStore(database.dataSource);
  });
  beforeEach(() => database.dataSource.query('TRUNCATE users, repositories, jobs RESTART IDENTITY CASCADE'));
  afterAll(() => database.close());

  const jobs = () =>
    readRows(database.dataSource, 'SELECT kind, subject, payload, status FROM jobs ORDER BY id');
  const refreshJob = (id: number) => ({
    kind: 'refresh-repository',
    subject: String(id),
    payload: { repositoryId: id },
    status: 'pending',
  });

  it('adds a repository with its owner, an image name and its first refresh', async () => {
    const ada = await makeUser(database.dataSource, 'ada@test');
    const made = await repositories.create(ada, { name: 'My App!', url });
    expect(made).toMatchObject({
      ownerId: ada.userId,
      role: 'owner',
      name: 'My App!',
      url,
      description: '',
      defaultBranch: null,
      dockerfilePath: 'Dockerfile',
      imageName: 'my-app',
      isActive: true,
      isSample: false,
      refreshStatus: 'running',
      refreshedAt: null,
    });
    expect(await jobs()).toEqual([refreshJob(made.id)]);
    expect(await repositories.create(ada, { name: 'my app', url })).toMatchObject({ imageName: 'my-app-2' });
  });

  it('points at the name that is taken, and leaves nothing behind', async () => {
    await repositories.create(worker, { name: 'app', url, imageName: 'team/app' });
    const refusal = async (work: Promise<unknown>) =>
      work.catch((error: unknown) =>
        error instanceof Problem ? [error.code, error.errors[0]?.pointer] : error,
      );
    expect(await refusal(repositories.create(worker, { name: 'app', url }))).toEqual(['conflict', '/name']);
    expect(await refusal(repositories.create(worker, { name: 'b', url, imageName: 'team/app' }))).toEqual([
      'conflict',
      '/image_name',
    ]);
    const other = await repositories.create(worker, { name: 'other', url });
    expect(await refusal(repositories.update(worker, other.id, { name: 'app' }))).toEqual([
      'conflict',
      '/name',
    ]);
    expect(await refusal(repositories.update(worker, other.id, { imageName: 'team/app' }))).toEqual([
      'conflict',
      '/image_name',
    ]);
    expect(await jobs()).toHaveLength(2);
  });

  it('shows and lets each person do what their role says', async () => {
    const { dataSource } = database;
    const owner = await makeUser(dataSource, 'creator@test');
    const { id } = await repositories.create(owner, { name: 'app', url });
    const people: Record<string, Principal> = {
      creator: owner,
      stranger: await makeUser(dataSource, 'stranger@test'),
      viewer: await makeMember(dataSource, id, 'viewer'),
      developer: await makeMember(dataSource, id, 'developer'),
      owner: await makeMember(dataSource, id, 'owner'),
      admin: await makeUser(dataSource, 'admin@test', true),
      system: worker,
    };
    const attempt = (work: Promise<unknown>) =>
      work.then(
        () => 'ok',
        (error: unknown) => (error instanceof Problem ? error.code : error),
      );
    const table: Record<string, unknown[]> = {};
    for (const [name, who] of Object.entries(people)) {
      table[name] = [
        await repositories.roleOf(who, id),
        (await repositories.find(who, id))?.role ?? null,
        (await repositories.page(who, { limit: 20 })).count,
        await attempt(repositories.requestRefresh(who, id)),
        await attempt(repositories.update(who, id, { description: name })),
      ];
    }
    expect(table).toEqual({
      creator: ['owner', 'owner', 1, 'ok', 'ok'],
      stranger: [null, null, 0, 'not_found', 'not_found'],
      viewer: ['viewer', 'viewer', 1, 'forbidden', 'forbidden'],
      developer: ['developer', 'developer', 1, 'ok', 'forbidden'],
      owner: ['owner', 'owner', 1, 'ok', 'ok'],
      admin: ['owner', 'owner', 1, 'ok', 'ok'],
      system: ['owner', 'owner', 1, 'ok', 'ok'],
    });
    for (const name of ['stranger', 'viewer', 'developer']) {
      const refused = await attempt(repositories.delete(people[name] ?? worker, id));
      expect([name, refused]).toEqual([name, name === 'stranger' ? 'not_found' : 'forbidden']);
    }
    await repositories.delete(people['owner'] ?? worker, id);
    expect(await repositories.find(worker, id)).toBeNull();
  });

  it('answers unknown ids, also ones beyond the integers of the database', async () => {
    for (const id of [1, 2 ** 31, 2 ** 52]) {
      expect(await repositories.find(worker, id)).toBeNull();
      expect(await repositories.roleOf(worker, id)).toBeNull();
      expect(await problemCodeOf(repositories.update(worker, id, { name: 'x' }))).toBe('not_found');
      expect(await problemCodeOf(repositories.delete(worker, id))).toBe('not_found');
      expect(await problemCodeOf(repositories.requestRefresh(worker, id))).toBe('not_found');
    }
  });

  it('changes only the revision that was read, when one is named', async () => {
    const { id, revision } = await repositories.create(worker, { name: 'app', url, defaultBranch: 'main' });
    const changed = await repositories.update(worker, id, { defaultBranch: null, isActive: false }, revision);
    expect(changed).toMatchObject({
      defaultBranch: null,
      isActive: false,
      name: 'app',
      revision: revision + 1,
    });
    expect(await problemCodeOf(repositories.update(worker, id, { name: 'b' }, revision))).toBe(
      'revision_mismatch',
    );
    expect(await repositories.update(worker, id, {})).toEqual(changed);
  });

  it('refreshes from another URL at once, and only then', async () => {
    const { id } = await repositories.create(worker, { name: 'app', url });
    await database.dataSource.query(`TRUNCATE jobs; UPDATE repositories SET refresh_status = 'idle'`);
    await repositories.update(worker, id, { url, description: 'same' });
    expect(await jobs()).toEqual([]);
    expect(await repositories.update(worker, id, { url: `${url}2` })).toMatchObject({
      refreshStatus: 'running',
    });
    expect(await jobs()).toEqual([refreshJob(id)]);
  });

  it('asks for the refreshes that are due once, however many processes ask', async () => {
    const due = await repositories.create(worker, { name: 'due', url });
    const failed = await repositories.create(worker, { name: 'failed', url });
    const recent = await repositories.create(worker, { name: 'recent', url });
    const paused = await repositories.create(worker, { name: 'paused', url, isActive: false });
    await database.dataSource.query('TRUNCATE jobs');
    await database.dataSource.query(
      `UPDATE repositories SET refresh_status = CASE id WHEN $2 THEN 'failed' ELSE 'idle' END,
              refreshed_at = CASE WHEN id IN ($1, $2) THEN now() - interval '1 h' WHEN id = $3 THEN now() END`,
      [due.id, failed.id, recent.id],
    );
    const asked = await Promise.all([1, 2, 3].map(() => repositories.requestDueRefreshes(worker, 300)));
    expect(asked.flat().sort()).toEqual([due.id, failed.id]);
    expect(await jobs()).toEqual([refreshJob(due.id), refreshJob(failed.id)]);
    expect(await repositories.find(worker, paused.id)).toMatchObject({ refreshStatus: 'idle' });
  });

  it('tells listeners of every change with its revision', async () => {
    const heard: Notice[] = [];
    let whenDeleted = () => {};
    const deleted = new Promise<void>((resolve) => (whenDeleted = resolve));
    const listener = new NoticeListener(database.connectionString, {
      notice(notice) {
        if (notice.kind !== 'repository') return;
        heard.push(notice);
        if (notice.revision === 5) whenDeleted();
      },
      reconnected() {},
    });
    await listener.start();
    const { id } = await repositories.create(worker, { name: 'app', url });
    await repositories.update(worker, id, { description: 'new' });
    await problemCodeOf(repositories.update(worker, id, { description: 'never' }, 99));
    await repositories.requestRefresh(worker, id);
    await repositories.delete(worker, id);
    await deleted;
    await listener.close();
    expect(heard).toEqual([2, 3, 4, 5].map((revision) => ({ kind: 'repository', id, revision })));
  });
});
