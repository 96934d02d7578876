import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { Problem, type Principal, type SystemPrincipal, type UserPrincipal } from '@nohands/domain';
import { DataSource } from 'typeorm';
import { readPage, type Page, type PageRequest } from '../paging.js';
import { readRow, readRows, StatementParameters } from '../sql.js';
import { viewerId } from '../visibility.js';
import { requireAdmin } from './access.js';

/** A token as lists show it: its beginning, never its hash. */
export type ApiTokenRow = {
  readonly id: number;
  readonly userId: number;
  readonly userEmail: string;
  readonly name: string;
  readonly prefix: string;
  readonly createdAt: Date;
  readonly lastUsedAt: Date | null;
  readonly expiresAt: Date | null;
};

export type NewApiToken = {
  readonly name: string;
  /** SHA-256 of the token. */
  readonly tokenHash: Buffer;
  /** The first characters of the token, at most 16, to tell tokens apart. */
  readonly prefix: string;
  readonly expiresAt?: Date | null;
};

const columns = `t.id, t.user_id AS "userId", u.email AS "userEmail", t.name, t.prefix, t.created_at AS "createdAt",
  t.last_used_at AS "lastUsedAt", t.expires_at AS "expiresAt"`;

type TokenUse = { readonly id: number; readonly userId: number; readonly email: string } & {
  readonly isAdmin: boolean;
  readonly isDue: boolean;
};

/** The API tokens; only their SHA-256 is known. */
@Injectable()
export class ApiTokensStore {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** Makes a token of the acting user's own. */
  async create(actor: UserPrincipal, token: NewApiToken): Promise<ApiTokenRow> {
    const [row] = await readRows<ApiTokenRow>(
      this.dataSource,
      `WITH t AS (INSERT INTO api_tokens (user_id, name, token_hash, prefix, expires_at)
                  VALUES ($1, $2, $3, $4, $5) RETURNING *)
       SELECT ${columns} FROM t JOIN users u ON u.id = t.user_id`,
      [actor.userId, token.name, token.tokenHash, token.prefix, token.expiresAt ?? null],
    );
    if (!row) throw new Error('The database returned no row for a new token.');
    return row;
  }

  /** One page of the user's own tokens, newest first. */
  async page(viewer: UserPrincipal, request: PageRequest): Promise<Page<ApiTokenRow>> {
    return this.#page(viewer.userId, request);
  }

  /** One page of everybody's tokens, newest first; administrators only (`forbidden`). */
  async pageOfAll(viewer: Principal, request: PageRequest): Promise<Page<ApiTokenRow>> {
    requireAdmin(viewer);
    return this.#page(null, request);
  }

  /** Revokes a token at once, one's own or, as administrator, anybody's. Problem: `not_found`. */
  async delete(actor: Principal, id: number): Promise<void> {
    const gone = await readRows(
      this.dataSource,
      'DELETE FROM api_tokens WHERE id = $2::bigint AND ($1::int IS NULL OR user_id = $1::int) RETURNING id',
      [viewerId(actor), id],
    );
    if (gone.length === 0) throw new Problem('not_found', 'There is no such token.');
  }

  /** Who is behind a token; null when it is unknown or expired, or the user disabled. Writes once a minute at most. */
  async find(_actor: SystemPrincipal, tokenHash: Buffer): Promise<UserPrincipal | null> {
    const use = await readRow<TokenUse>(
      this.dataSource,
      `SELECT t.id, u.id AS "userId", u.email, u.is_admin AS "isAdmin",
              (t.last_used_at IS NULL OR t.last_used_at <= now() - interval '1 minute') AS "isDue"
         FROM api_tokens t JOIN users u ON u.id = t.user_id
        WHERE t.token_hash = $1 AND (t.expires_at IS NULL OR t.expires_at > now()) AND u.disabled_at IS NULL`,
      [tokenHash],
    );
    if (!use) return null;
    if (use.isDue) await this.#recordUse(use.id);
    return { kind: 'user', userId: use.userId, email: use.email, isAdmin: use.isAdmin, tokenId: use.id };
  }

  /**
   * Makes a token given from outside (the environment) valid for a user. Under one name there is one such token: an
   * earlier value stops working.
   */
  async ensure(_actor: SystemPrincipal, userId: number, token: NewApiToken): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      await manager.query('DELETE FROM api_tokens WHERE user_id = $1 AND name = $2 AND token_hash <> $3', [
        userId,
        token.name,
        token.tokenHash,
      ]);
      await manager.query(
        `INSERT INTO api_tokens (user_id, name, token_hash, prefix, expires_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT ON CONSTRAINT uq_api_tokens_token_hash
         DO UPDATE SET user_id = excluded.user_id, name = excluded.name, expires_at = excluded.expires_at`,
        [userId, token.name, token.tokenHash, token.prefix, token.expiresAt ?? null],
      );
    });
  }

  async #page(userId: number | null, request: PageRequest): Promise<Page<ApiTokenRow>> {
    const parameters = new StatementParameters();
    return readPage<ApiTokenRow>(
      this.dataSource,
      {
        columns,
        from: 'api_tokens t JOIN users u ON u.id = t.user_id',
        conditions: userId === null ? [] : [`t.user_id = ${parameters.add(userId)}`],
        parameters,
        keyset: { order: 'descending', columns: [{ sql: 't.id', type: 'integer' }] },
        keyOf: (token) => [token.id],
      },
      request,
    );
  }

  /** Of several requests at once one writes: the others find the condition false. */
  async #recordUse(id: number): Promise<void> {
    await this.dataSource.query(
      `UPDATE api_tokens SET last_used_at = now()
        WHERE id = $1 AND (last_used_at IS NULL OR last_used_at <= now() - interval '1 minute')`,
      [id],
    );
  }
}
