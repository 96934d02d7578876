import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { Problem, type Principal, type SystemPrincipal } from '@nohands/domain';
import { DataSource, type EntityManager } from 'typeorm';
import { readPage, type Page, type PageRequest } from '../paging.js';
import { readRow, readRows, StatementParameters } from '../sql.js';
import { noSuchUser, requireAdmin, requireSelfOrAdmin } from './access.js';
import {
  ensureEnvironmentAdmin,
  hasActiveAdmin,
  lockAdmins,
  makeFirstAdmin,
  type NewAdmin,
} from './first-admin.js';
import { emailTaken, normaliseEmail, userColumns, type UserRow, type UserWithPassword } from './user-row.js';

export type NewUser = NewAdmin & { readonly isAdmin: boolean };

/** What may change of a user; a field left out stays. */
export type UserChange = {
  readonly name?: string;
  readonly passwordHash?: string;
  readonly isAdmin?: boolean;
  readonly isDisabled?: boolean;
};

/** The accounts. Email addresses are kept in lower case; password hashes are made by the caller. */
@Injectable()
export class UsersStore {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** True once somebody can administer this installation; until then a set-up link is needed. */
  async hasAdmin(_viewer: Principal): Promise<boolean> {
    return hasActiveAdmin(this.dataSource.manager);
  }

  /**
   * Makes the first administrator, uses the set-up link up and gives them the sample repository, or does nothing of
   * it: of two that race one wins. Problems: `setup_done`, `link_expired`, `conflict` (`/email`).
   */
  async createFirstAdmin(_actor: SystemPrincipal, admin: NewAdmin, setupTokenHash: Buffer): Promise<UserRow> {
    return this.dataSource.transaction((manager) => makeFirstAdmin(manager, admin, setupTokenHash));
  }

  /** The administrator named by the environment; one that exists keeps their password and name. */
  async ensureAdmin(_actor: SystemPrincipal, admin: NewAdmin): Promise<{ user: UserRow; isNew: boolean }> {
    return this.dataSource.transaction((manager) => ensureEnvironmentAdmin(manager, admin));
  }

  /** All users, oldest first; administrators only (`forbidden`). */
  async page(viewer: Principal, request: PageRequest): Promise<Page<UserRow>> {
    requireAdmin(viewer);
    return readPage<UserRow>(
      this.dataSource,
      {
        columns: userColumns,
        from: 'users u',
        conditions: [],
        parameters: new StatementParameters(),
        keyset: { order: 'ascending', columns: [{ sql: 'u.id', type: 'integer' }] },
        keyOf: (user) => [user.id],
      },
      request,
    );
  }

  /** A user, for themself and administrators; null otherwise. */
  async find(viewer: Principal, id: number): Promise<UserRow | null> {
    if (viewer.kind === 'user' && !viewer.isAdmin && viewer.userId !== id) return null;
    return readRow<UserRow>(this.dataSource, `SELECT ${userColumns} FROM users u WHERE u.id = $1::bigint`, [
      id,
    ]);
  }

  /** For sign-in: the account of an address with its password hash, disabled or not; null when there is none. */
  async findByEmail(_actor: SystemPrincipal, email: string): Promise<UserWithPassword | null> {
    return readRow<UserWithPassword>(
      this.dataSource,
      `SELECT ${userColumns}, u.password_hash AS "passwordHash" FROM users u WHERE u.email = $1`,
      [normaliseEmail(email)],
    );
  }

  /** The password hash of a user who wants to change it; null without one. Problem: `not_found`. */
  async passwordHash(actor: Principal, id: number): Promise<string | null> {
    requireSelfOrAdmin(actor, id);
    const row = await readRow<{ passwordHash: string | null }>(
      this.dataSource,
      'SELECT password_hash AS "passwordHash" FROM users WHERE id = $1::bigint',
      [id],
    );
    if (!row) throw noSuchUser();
    return row.passwordHash;
  }

  /** Makes an account; administrators only. Problems: `forbidden`, `conflict` (`/email`). */
  async create(actor: Principal, { email, name, passwordHash, isAdmin }: NewUser): Promise<UserRow> {
    requireAdmin(actor);
    try {
      const [user] = await readRows<UserRow>(
        this.dataSource,
        `INSERT INTO users AS u (email, name, password_hash, is_admin) VALUES ($1, $2, $3, $4) RETURNING ${userColumns}`,
        [normaliseEmail(email), name, passwordHash, isAdmin],
      );
      if (!user) throw new Error('The database returned no row for a new user.');
      return user;
    } catch (error) {
      throw emailTaken(error);
    }
  }

  /**
   * Changes a user. Name and password also by themself; the rest by administrators. Who is disabled or gets a new
   * password is signed out everywhere. Problems: `not_found`, `forbidden`, `conflict` (the last active administrator).
   */
  async update(actor: Principal, id: number, change: UserChange): Promise<UserRow> {
    requireSelfOrAdmin(actor, id);
    if (change.isAdmin !== undefined || change.isDisabled !== undefined) requireAdmin(actor);
    return this.dataSource.transaction(async (manager) => {
      await lockAdmins(manager);
      const hadAdmin = await hasActiveAdmin(manager);
      const user = await this.#change(manager, id, change);
      if (hadAdmin && !(await hasActiveAdmin(manager))) {
        throw new Problem('conflict', 'This is the last active administrator. Make somebody else one first.');
      }
      if (user.disabledAt !== null || change.passwordHash !== undefined) {
        await manager.query('DELETE FROM sessions WHERE user_id = $1', [id]);
      }
      return user;
    });
  }

  async #change(manager: EntityManager, id: number, change: UserChange): Promise<UserRow> {
    const user = await readRow<UserRow>(
      manager,
      `UPDATE users u SET name = coalesce($2, u.name), password_hash = coalesce($3, u.password_hash),
              is_admin = coalesce($4::boolean, u.is_admin),
              disabled_at = CASE $5::boolean WHEN true THEN coalesce(u.disabled_at, now()) WHEN false THEN NULL
                            ELSE u.disabled_at END
        WHERE u.id = $1::bigint RETURNING ${userColumns}`,
      [
        id,
        change.name ?? null,
        change.passwordHash ?? null,
        change.isAdmin ?? null,
        change.isDisabled ?? null,
      ],
    );
    if (!user) throw noSuchUser();
    return user;
  }
}
