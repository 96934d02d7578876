import { createHash } from 'node:crypto';
import { system, type UserPrincipal } from '@nohands/domain';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openMigratedDatabase, problemCodeOf, type MigratedDatabase } from '../migrated-database.fixture.js';
import { readRow } from '../sql.js';
import { ApiTokensStore } from './api-tokens.store.js';
import { SessionsStore, sessionSeconds } from './sessions.store.js';
import { SettingsStore } from './settings.store.js';
import { UsersStore } from './users.store.js';

const api = system('api');
const sha = (text: string) => createHash('sha256').update(text).digest();

let database: MigratedDatabase;
let ada: UserPrincipal;
let bob: UserPrincipal;
beforeAll(async () => {
  database = await openMigratedDatabase();
});
beforeEach(async () => {
  await database.dataSource.query('TRUNCATE users, settings RESTART IDENTITY CASCADE');
  ada = await makeUser('ada@test', true);
  bob = await makeUser('bob@test', false);
});
afterAll(() => database.close());

async function makeUser(email: string, isAdmin: boolean): Promise<UserPrincipal> {
  const users = new UsersStore(database.dataSource);
  const user = await users.create(api, { email, name: email, passwordHash: null, isAdmin });
  return { kind: 'user', userId: user.id, email, isAdmin, tokenId: null };
}

const age = (table: 'sessions' | 'api_tokens', columns: string) =>
  database.dataSource.query(`UPDATE ${table} SET ${columns}`);

describe(SessionsStore.name, () => {
  const times = () =>
    readRow<{ used: Date; expires: Date }>(
      database.dataSource,
      'SELECT last_used_at AS used, expires_at AS expires FROM sessions',
    );
  const open = async () => {
    const sessions = new SessionsStore(database.dataSource);
    await sessions.create(api, { userId: bob.userId, tokenHash: sha('cookie'), userAgent: 'x'.repeat(500) });
    return sessions;
  };

  it('knows who is behind a cookie, and nobody behind another', async () => {
    const sessions = await open();
    expect(await sessions.find(api, sha('cookie'))).toMatchObject({ userName: 'bob@test', principal: bob });
    expect(await sessions.find(api, sha('other'))).toBeNull();
  });

  it('writes a use once a minute at most, and moves the end on', async () => {
    const sessions = await open();
    const made = await times();
    await sessions.find(api, sha('cookie'));
    expect(await times()).toEqual(made);
    await age('sessions', `last_used_at = now() - interval '2 min', expires_at = now() + interval '1 h'`);
    await Promise.all([1, 2, 3].map(() => sessions.find(api, sha('cookie'))));
    const used = await times();
    expect(Number(used?.expires) - Number(used?.used)).toBe(sessionSeconds.idle * 1000);
  });

  it('ends for good however often it is used', async () => {
    const sessions = await open();
    const longest = `interval '${sessionSeconds.longest} s'`;
    await age(
      'sessions',
      `last_used_at = now() - interval '2 min', created_at = now() - ${longest} + interval '1 h'`,
    );
    await sessions.find(api, sha('cookie'));
    const left = await readRow<{ left: number }>(
      database.dataSource,
      'SELECT extract(epoch FROM expires_at - now())::float8 AS left FROM sessions',
    );
    expect(left?.left).toBeLessThanOrEqual(3600);
    await age('sessions', `expires_at = now() - interval '1 s'`);
    expect(await sessions.find(api, sha('cookie'))).toBeNull();
  });

  it('is no use to a disabled user, and can be revoked alone or all but one', async () => {
    const sessions = await open();
    await sessions.create(api, { userId: bob.userId, tokenHash: sha('second'), userAgent: null });
    const second = await sessions.find(api, sha('second'));
    expect(await problemCodeOf(sessions.revokeAll(bob, ada.userId))).toBe('not_found');
    expect(await sessions.revokeAll(bob, bob.userId, second?.sessionId ?? null)).toBe(1);
    expect(await sessions.find(api, sha('cookie'))).toBeNull();
    await database.dataSource.query('UPDATE users SET disabled_at = now() WHERE id = $1', [bob.userId]);
    expect(await sessions.find(api, sha('second'))).toBeNull();
    await database.dataSource.query('UPDATE users SET disabled_at = NULL');
    await sessions.revoke(api, sha('second'));
    expect(await sessions.find(api, sha('second'))).toBeNull();
  });
});

describe(ApiTokensStore.name, () => {
  const token = (text: string) => ({ name: text, tokenHash: sha(text), prefix: text.slice(0, 4) });
  const lastUse = () =>
    readRow<{ at: Date | null }>(database.dataSource, 'SELECT last_used_at AS at FROM api_tokens').then(
      (row) => row?.at,
    );

  it('answers with its user, and writes a use once a minute at most', async () => {
    const tokens = new ApiTokensStore(database.dataSource);
    const { id } = await tokens.create(bob, token('nh_one'));
    expect(await tokens.find(api, sha('nh_one'))).toEqual({ ...bob, tokenId: id });
    const first = await lastUse();
    expect(first).toBeInstanceOf(Date);
    await tokens.find(api, sha('nh_one'));
    expect(await lastUse()).toEqual(first);
    await age('api_tokens', `last_used_at = now() - interval '61 s'`);
    await tokens.find(api, sha('nh_one'));
    expect(Number(await lastUse())).toBeGreaterThanOrEqual(Number(first));
    await age('api_tokens', `expires_at = now() - interval '1 s'`);
    expect(await tokens.find(api, sha('nh_one'))).toBeNull();
  });

  it('is seen and deleted by its user and by administrators only', async () => {
    const tokens = new ApiTokensStore(database.dataSource);
    const own = await tokens.create(bob, token('bobs'));
    const other = await tokens.create(ada, token('adas'));
    expect((await tokens.page(bob, { limit: 20 })).results.map(({ id }) => id)).toEqual([own.id]);
    expect((await tokens.pageOfAll(ada, { limit: 20 })).results.map(({ id }) => id)).toEqual([
      other.id,
      own.id,
    ]);
    expect(JSON.stringify(await tokens.pageOfAll(ada, { limit: 20 }))).not.toContain('ash');
    expect(await problemCodeOf(tokens.pageOfAll(bob, { limit: 20 }))).toBe('forbidden');
    expect(await problemCodeOf(tokens.delete(bob, other.id))).toBe('not_found');
    expect(await problemCodeOf(tokens.delete(ada, 2 ** 33))).toBe('not_found');
    await tokens.delete(ada, own.id);
    expect(await tokens.find(api, sha('bobs'))).toBeNull();
  });

  it('given by the environment is valid once set, and no longer once changed', async () => {
    const tokens = new ApiTokensStore(database.dataSource);
    const given = (text: string) => ({ ...token(text), name: 'ADMIN_TOKEN' });
    await Promise.all([1, 2, 3].map(() => tokens.ensure(api, ada.userId, given('first'))));
    expect(await tokens.find(api, sha('first'))).toMatchObject({ userId: ada.userId, isAdmin: true });
    await tokens.ensure(api, ada.userId, given('second'));
    expect(await tokens.find(api, sha('first'))).toBeNull();
    expect(await tokens.find(api, sha('second'))).toMatchObject({ userId: ada.userId });
  });
});

describe(SettingsStore.name, () => {
  it('takes the first value of several processes and the later ones of administrators', async () => {
    const settings = new SettingsStore(database.dataSource);
    expect(await settings.get(api, 'storage_id')).toBeNull();
    const values = await Promise.all(
      ['a', 'b', 'c'].map((id) => settings.insertIfAbsent(api, 'storage_id', id)),
    );
    expect(new Set(values).size).toBe(1);
    await settings.insertIfAbsent(api, 'max_concurrent_builds', 2);
    await settings.change(ada, { max_concurrent_builds: 5, queue_paused: true });
    expect(await settings.insertIfAbsent(api, 'max_concurrent_builds', 2)).toBe(5);
    expect(await settings.all(bob)).toEqual({
      max_concurrent_builds: 5,
      queue_paused: true,
      storage_id: values[0],
    });
  });

  it('refuses values that are none, and everybody but administrators', async () => {
    const settings = new SettingsStore(database.dataSource);
    for (const value of [0, 1.5, 1001, Number.NaN]) {
      expect(await problemCodeOf(settings.change(ada, { max_concurrent_builds: value }))).toBe(
        'invalid_fields',
      );
    }
    expect(await problemCodeOf(settings.change(bob, { queue_paused: true }))).toBe('forbidden');
    expect(await settings.all(ada)).toEqual({});
  });
});
