import { Problem } from '@nohands/domain';
import type { EntityManager } from 'typeorm';
import { notify } from '../notices.js';
import { readRow, readRows } from '../sql.js';
import { emailTaken, normaliseEmail, userColumns, type UserRow } from './user-row.js';

export type NewAdmin = {
  readonly email: string;
  readonly name: string;
  readonly passwordHash: string | null;
};

// Whoever makes or unmakes an administrator holds this lock, so that "none" and "the last one" stay true until commit.
const adminsLock = 0x61646d696e;

/** Serialises every change of who is an administrator until the end of the transaction. */
export async function lockAdmins(manager: EntityManager): Promise<void> {
  await manager.query('SELECT pg_advisory_xact_lock($1)', [adminsLock]);
}

/** True when somebody can administer this installation. */
export async function hasActiveAdmin(manager: EntityManager): Promise<boolean> {
  const statement = 'SELECT EXISTS (SELECT 1 FROM users WHERE is_admin AND disabled_at IS NULL) AS "exists"';
  return (await readRow<{ exists: boolean }>(manager, statement))?.exists ?? false;
}

/** Uses the set-up link up, makes the admin and gives them what has no owner yet. */
export async function makeFirstAdmin(
  manager: EntityManager,
  admin: NewAdmin,
  setupTokenHash: Buffer,
): Promise<UserRow> {
  await lockAdmins(manager);
  if (await hasActiveAdmin(manager)) {
    throw new Problem('setup_done', 'This installation already has an administrator. Sign in instead.');
  }
  const used = await readRows(
    manager,
    `UPDATE setup_links SET used_at = now() WHERE token_hash = $1 AND used_at IS NULL AND expires_at > now()
     RETURNING id`,
    [setupTokenHash],
  );
  if (used.length === 0) {
    throw new Problem(
      'link_expired',
      'This set-up link was used or has expired. Restart NoHands to get a new one.',
    );
  }
  const user = await insertAdmin(manager, admin);
  await takeOwnerlessSamples(manager, user.id);
  return user;
}

/** The administrator of the environment: made when new, made active and admin again when not; a password is kept. */
export async function ensureEnvironmentAdmin(
  manager: EntityManager,
  admin: NewAdmin,
): Promise<{ user: UserRow; isNew: boolean }> {
  await lockAdmins(manager);
  const known = await readRow<UserRow>(
    manager,
    `UPDATE users u SET is_admin = true, disabled_at = NULL, password_hash = coalesce(u.password_hash, $2)
      WHERE u.email = $1 RETURNING ${userColumns}`,
    [normaliseEmail(admin.email), admin.passwordHash],
  );
  const user = known ?? (await insertAdmin(manager, admin));
  await takeOwnerlessSamples(manager, user.id);
  return { user, isNew: known === null };
}

async function insertAdmin(
  manager: EntityManager,
  { email, name, passwordHash }: NewAdmin,
): Promise<UserRow> {
  try {
    const [user] = await readRows<UserRow>(
      manager,
      `INSERT INTO users AS u (email, name, password_hash, is_admin) VALUES ($1, $2, $3, true) RETURNING ${userColumns}`,
      [normaliseEmail(email), name, passwordHash],
    );
    if (!user) throw new Error('The database returned no row for a new user.');
    return user;
  } catch (error) {
    // The address may belong to somebody who is no administrator.
    throw emailTaken(error);
  }
}

async function takeOwnerlessSamples(manager: EntityManager, ownerId: number): Promise<void> {
  const taken = await readRows<{ id: number; revision: number }>(
    manager,
    `UPDATE repositories SET owner_id = $1, revision = revision + 1 WHERE owner_id IS NULL AND is_sample
     RETURNING id, revision`,
    [ownerId],
  );
  for (const { id, revision } of taken) await notify(manager, { kind: 'repository', id, revision });
}
