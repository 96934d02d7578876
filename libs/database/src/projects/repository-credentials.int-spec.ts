import type { GitCredentials } from '@nohands/domain';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openMigratedDatabase, problemCodeOf, type MigratedDatabase } from '../migrated-database.fixture.js';
import { SecretCipher, SecretUnreadableError } from '../secret-cipher.js';
import { readRows } from '../sql.js';
import { RepositoriesStore } from './repositories.store.js';
import { openCredentials, sealCredentials } from './repository-credentials.js';
import { RepositoryCredentialsStore } from './repository-credentials.store.js';
import { worker } from './repository.fixture.js';

const url = 'https://git.test/app.git';
const credentials: GitCredentials = { username: 'ada', password: 'the-token-of-ada' };
const cipher = new SecretCipher('a key of the tests, long enough to count');

describe(RepositoryCredentialsStore.name, () => {
  let database: MigratedDatabase;
  let repositories: RepositoriesStore;
  let store: RepositoryCredentialsStore;
  beforeAll(async () => {
    database = await openMigratedDatabase();
    repositories = new RepositoriesStore(database.dataSource);
    store = new RepositoryCredentialsStore(database.dataSource);
  });
  beforeEach(() => database.dataSource.query('TRUNCATE users, repositories, jobs RESTART IDENTITY CASCADE'));
  afterAll(() => database.close());

  const seal = (at: string, of = credentials) => sealCredentials(cipher, at, of);
  const create = (name = 'app') => repositories.create(worker, { name, url, credentials: seal(url) });
  const read = async (id: number, by = cipher) => {
    const repository = await repositories.find(worker, id);
    if (repository === null) throw new Error('the repository is gone');
    return openCredentials(by, repository, await store.find(worker, id));
  };

  it('keeps credentials with their repository, and forgets them with it', async () => {
    const { id } = await create();
    expect(await read(id)).toEqual(credentials);
    const plain = await repositories.create(worker, { name: 'plain', url });
    expect(await read(plain.id)).toBeNull();
    await repositories.delete(worker, id);
    expect(await store.find(worker, id)).toBeNull();
  });

  it('keeps neither when the repository cannot be made', async () => {
    await create();
    expect(await problemCodeOf(create())).toBe('conflict');
    expect(await readRows(database.dataSource, 'SELECT 1 FROM repository_credentials')).toHaveLength(1);
  });

  it('keeps them when the path changes, and drops them for another host, port or scheme', async () => {
    for (const other of [
      'https://git.other/app.git',
      'https://git.test:8443/app.git',
      'http://git.test/app.git',
    ]) {
      const { id } = await create(other);
      await repositories.update(worker, id, { url: 'https://git.test/moved.git' });
      expect(await read(id)).toEqual(credentials);
      await repositories.update(worker, id, { url: other });
      expect(await store.find(worker, id)).toBeNull();
      await repositories.update(worker, id, { url });
      expect(await read(id)).toBeNull();
      await repositories.delete(worker, id);
    }
  });

  it('takes new ones in place of the old, for the same URL too, and looks at the remote again', async () => {
    const { id } = await create();
    await database.dataSource.query('DELETE FROM jobs');
    await repositories.update(worker, id, { name: 'renamed' });
    expect(await readRows(database.dataSource, 'SELECT 1 FROM jobs')).toEqual([]);
    const next = { username: 'ada', password: 'the-next-token' };
    const after = await repositories.update(worker, id, { url, credentials: seal(url, next) });
    expect(after).toMatchObject({ url, refreshStatus: 'running' });
    expect(await read(id)).toEqual(next);
    expect(await readRows(database.dataSource, 'SELECT 1 FROM jobs')).toHaveLength(1);
  });

  it('does not send them to a host that somebody wrote into the database', async () => {
    const { id } = await create();
    await database.dataSource.query(`UPDATE repositories SET url = 'https://evil.test/app.git'`);
    expect(await read(id)).toBeNull();
    await database.dataSource.query(`UPDATE repository_credentials SET origin = 'https://evil.test'`);
    await expect(read(id)).rejects.toThrow(SecretUnreadableError);
  });

  it('says that the key is another one, and nothing but the credentials suffers', async () => {
    const { id } = await create();
    const other = new SecretCipher('another key of the tests, long enough to count');
    await expect(read(id, other)).rejects.toThrow(/another SECRET_KEY/);
    expect(await repositories.find(worker, id)).toMatchObject({ url });
    await repositories.update(worker, id, { url, credentials: sealCredentials(other, url, credentials) });
    expect(await read(id, other)).toEqual(credentials);
  });
});
