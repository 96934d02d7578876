import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import {
  CommitsStore,
  createDataSource,
  migrateDatabase,
  RefreshStore,
  RepositoriesStore,
} from '@nohands/database';
import { lookupDeadlineMilliseconds, system } from '@nohands/domain';
import { GitMirrors } from '@nohands/git';
import { createTestDatabase, GitFixture, temporaryDirectory } from '@nohands/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RefResolver } from './ref-resolver.js';
import type { RepositoryMirrors } from './repository-mirrors.js';

const worker = system('test');

describe(RefResolver.name, () => {
  let folder: Awaited<ReturnType<typeof temporaryDirectory>>;
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let dataSource: ReturnType<typeof createDataSource>;
  let resolver: RefResolver;
  let remote: GitFixture;
  let repositoryId: number;

  beforeAll(async () => {
    folder = await temporaryDirectory();
    database = await createTestDatabase();
    await migrateDatabase(database.connectionString);
    dataSource = await createDataSource(database.connectionString, { poolSize: 4 }).initialize();
    const gitMirrors = new GitMirrors({
      mirrorsDirectory: join(folder.path, 'mirrors'),
      allowLocal: true,
      allowPrivateAddresses: false,
    });
    const mirrors: Pick<RepositoryMirrors, 'open'> = {
      open: ({ id, url }) => gitMirrors.open(id, { url, credentials: null }),
    };
    const repositories = new RepositoriesStore(dataSource);
    resolver = new RefResolver(
      mirrors as RepositoryMirrors,
      repositories,
      new RefreshStore(dataSource),
      new CommitsStore(dataSource),
    );
    remote = new GitFixture(join(folder.path, 'remote'));
    remote.commit('one');
    repositoryId = (await repositories.create(worker, { name: 'app', url: remote.directory })).id;
  });
  afterAll(async () => {
    await dataSource.destroy();
    await database.drop();
    await folder.remove();
  });

  const resolve = (ref: string) => resolver.resolve({ repositoryId, ref, allowStale: false });

  it('says what a branch stands for at the remote at this moment', async () => {
    expect(await resolve('main')).toMatchObject({ sha: remote.git('rev-parse', 'main'), branchName: 'main' });
    const next = remote.commit('two');
    expect(await resolve('main')).toMatchObject({ sha: next });
    await expect(resolve('nothing')).rejects.toMatchObject({ code: 'ref_not_found' });
  });

  it('does not wait for a mirror that is held for long, and has what is missing brought by a refresh', async () => {
    const known = remote.git('rev-parse', 'main');
    const next = remote.commit('three');
    await dataSource.query('DELETE FROM jobs');
    const lock = new DatabaseSync(join(folder.path, 'mirrors', `${repositoryId}.lock`));
    lock.exec('BEGIN EXCLUSIVE');
    try {
      expect(await resolve(known)).toMatchObject({ sha: known });
      const startedAt = performance.now();
      await expect(resolve('main')).rejects.toMatchObject({
        code: 'remote_unreachable',
        message: expect.stringContaining('A refresh was asked for'),
      });
      expect(performance.now() - startedAt).toBeLessThan(lookupDeadlineMilliseconds);
    } finally {
      lock.close();
    }
    expect(await dataSource.query('SELECT kind, status FROM jobs')).toEqual([
      { kind: 'refresh-repository', status: 'pending' },
    ]);
    expect(await resolve('main')).toMatchObject({ sha: next });
  });
});
