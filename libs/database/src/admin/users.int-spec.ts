import { createHash } from 'node:crypto';
import { system, type UserPrincipal } from '@nohands/domain';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openMigratedDatabase, problemCodeOf, type MigratedDatabase } from '../migrated-database.fixture.js';
import { readRows } from '../sql.js';
import { SessionsStore } from './sessions.store.js';
import { SetupLinksStore } from './setup-links.store.js';
import { UsersStore } from './users.store.js';

const launcher = system('launcher');
const sha = (text: string) => createHash('sha256').update(text).digest();
const admin = (email: string) => ({ email, name: 'Ada', passwordHash: 'argon2id' });
const principalOf = (user: { id: number; email: string; isAdmin: boolean }): UserPrincipal => ({
  kind: 'user',
  userId: user.id,
  email: user.email,
  isAdmin: user.isAdmin,
  tokenId: null,
});

describe(UsersStore.name, () => {
  let database: MigratedDatabase;
  let users: UsersStore;
  let links: SetupLinksStore;
  let sessions: SessionsStore;
  beforeAll(async () => {
    database = await openMigratedDatabase();
    users = new UsersStore(database.dataSource);
    links = new SetupLinksStore(database.dataSource);
    sessions = new SessionsStore(database.dataSource);
  });
  beforeEach(() =>
    database.dataSource.query('TRUNCATE users, setup_links, repositories RESTART IDENTITY CASCADE'),
  );
  afterAll(() => database.close());

  it('makes one first admin when several race with the same link', async () => {
    await links.create(launcher, sha('link'), 60);
    const races = [1, 2, 3, 4, 5].map((n) =>
      users.createFirstAdmin(launcher, admin(`a${n}@test`), sha('link')),
    );
    const outcomes = await Promise.allSettled(races);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const refused = outcomes.flatMap((outcome) =>
      outcome.status === 'rejected' ? [outcome.reason.code] : [],
    );
    expect(refused).toEqual(Array(4).fill('setup_done'));
    expect(await readRows(database.dataSource, 'SELECT 1 FROM users')).toHaveLength(1);
  });

  it('gives the first admin the samples without an owner, and nothing else', async () => {
    await database.dataSource.query(`INSERT INTO repositories (name, url, image_name, is_sample)
      VALUES ('sample', '/sample', 'sample', true), ('other', '/other', 'other', false)`);
    await links.create(launcher, sha('link'), 60);
    const user = await users.createFirstAdmin(launcher, admin('Ada@Test'), sha('link'));
    expect(user).toMatchObject({ email: 'ada@test', isAdmin: true });
    const owners = await readRows(
      database.dataSource,
      'SELECT name, owner_id AS owner, revision FROM repositories ORDER BY name',
    );
    expect(owners).toEqual([
      { name: 'other', owner: null, revision: 1 },
      { name: 'sample', owner: user.id, revision: 2 },
    ]);
  });

  it('takes neither an unknown, an expired, a replaced nor a used link', async () => {
    await links.create(launcher, sha('replaced'), 60);
    await links.create(launcher, sha('expired'), -1);
    for (const link of ['unknown', 'expired', 'replaced']) {
      expect(await problemCodeOf(users.createFirstAdmin(launcher, admin('a@test'), sha(link)))).toBe(
        'link_expired',
      );
      expect(await links.peek(launcher, sha(link))).toBeNull();
    }
    await links.create(launcher, sha('good'), 60);
    expect(await links.peek(launcher, sha('good'))).toEqual({ expiresAt: expect.any(Date) });
    await users.createFirstAdmin(launcher, admin('a@test'), sha('good'));
    expect(await links.peek(launcher, sha('good'))).toBeNull();
    expect(await problemCodeOf(links.create(launcher, sha('another'), 60))).toBe('setup_done');
  });

  it('leaves the link usable when the address is taken', async () => {
    await users.create(launcher, { ...admin('bob@test'), isAdmin: false });
    await links.create(launcher, sha('link'), 60);
    expect(await problemCodeOf(users.createFirstAdmin(launcher, admin('bob@test'), sha('link')))).toBe(
      'conflict',
    );
    expect(await links.peek(launcher, sha('link'))).not.toBeNull();
  });

  it('makes the admin of the environment once and keeps their password', async () => {
    const made = await Promise.all(
      [1, 2, 3].map((n) => users.ensureAdmin(launcher, { ...admin('e@test'), passwordHash: `h${n}` })),
    );
    expect(made.filter(({ isNew }) => isNew)).toHaveLength(1);
    const first = await users.findByEmail(launcher, 'E@TEST ');
    await users.ensureAdmin(launcher, { ...admin('e@test'), passwordHash: 'later' });
    expect((await users.findByEmail(launcher, 'e@test'))?.passwordHash).toBe(first?.passwordHash);
  });

  it('never loses the last active admin, also when two are unmade at once', async () => {
    const ada = await users.create(launcher, { ...admin('ada@test'), isAdmin: true });
    const bob = await users.create(launcher, { ...admin('bob@test'), isAdmin: true });
    const outcomes = await Promise.allSettled([
      users.update(principalOf(ada), bob.id, { isAdmin: false }),
      users.update(principalOf(bob), ada.id, { isDisabled: true }),
    ]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await users.hasAdmin(launcher)).toBe(true);
  });

  it('lets people change their own name and password only', async () => {
    const ada = await users.create(launcher, { ...admin('ada@test'), isAdmin: true });
    const bob = await users.create(principalOf(ada), { ...admin('bob@test'), isAdmin: false });
    const asBob = principalOf(bob);
    expect(await users.update(asBob, bob.id, { name: 'Bob' })).toMatchObject({ name: 'Bob', isAdmin: false });
    expect(await problemCodeOf(users.update(asBob, bob.id, { isAdmin: true }))).toBe('forbidden');
    expect(await problemCodeOf(users.update(asBob, ada.id, { name: 'x' }))).toBe('not_found');
    expect(await problemCodeOf(users.create(asBob, { ...admin('c@test'), isAdmin: false }))).toBe(
      'forbidden',
    );
    expect(await problemCodeOf(users.page(asBob, { limit: 20 }))).toBe('forbidden');
    expect(await users.find(asBob, ada.id)).toBeNull();
    expect(await users.find(asBob, bob.id)).toMatchObject({ email: 'bob@test' });
    expect(await users.find(principalOf(ada), 2 ** 40)).toBeNull();
    expect(
      await problemCodeOf(users.create(principalOf(ada), { ...admin('BOB@test'), isAdmin: false })),
    ).toBe('conflict');
  });

  it('signs out who is disabled or gets a new password', async () => {
    const ada = await users.create(launcher, { ...admin('ada@test'), isAdmin: true });
    const bob = await users.create(launcher, { ...admin('bob@test'), isAdmin: false });
    for (const change of [{ isDisabled: true }, { isDisabled: false, passwordHash: 'new' }]) {
      await sessions.create(launcher, {
        userId: bob.id,
        tokenHash: sha(JSON.stringify(change)),
        userAgent: null,
      });
      await users.update(principalOf(ada), bob.id, change);
      await users.update(principalOf(ada), bob.id, { isDisabled: false });
      expect(await sessions.find(launcher, sha(JSON.stringify(change)))).toBeNull();
    }
    expect((await users.find(launcher, bob.id))?.disabledAt).toBeNull();
  });
});
