import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { Principal, SystemPrincipal, UserPrincipal } from '@nohands/domain';
import { DataSource } from 'typeorm';
import { readRow, readRows } from '../sql.js';
import { requireSelfOrAdmin } from './access.js';

export type NewSession = {
  readonly userId: number;
  /** SHA-256 of the cookie's value. */
  readonly tokenHash: Buffer;
  readonly userAgent: string | null;
};

export type SignedIn = {
  readonly sessionId: number;
  readonly userName: string;
  readonly principal: UserPrincipal;
};

/** A session ends this long after its last use, in seconds, and at the latest `longest` after sign-in. */
export const sessionSeconds = { idle: 7 * 24 * 3600, longest: 30 * 24 * 3600 } as const;

type SessionUse = {
  readonly id: number;
  readonly userId: number;
  readonly email: string;
  readonly name: string;
  readonly isAdmin: boolean;
  readonly isDue: boolean;
};

/** The sessions of browsers; only the SHA-256 of their cookie is known. */
@Injectable()
export class SessionsStore {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** Signs in, and removes what has expired of the same user. */
  async create(
    _actor: SystemPrincipal,
    { userId, tokenHash, userAgent }: NewSession,
  ): Promise<{ expiresAt: Date }> {
    const [row] = await readRows<{ expiresAt: Date }>(
      this.dataSource,
      `WITH expired AS (DELETE FROM sessions WHERE user_id = $1 AND expires_at <= now())
       INSERT INTO sessions (user_id, token_hash, user_agent, expires_at)
       VALUES ($1, $2, left($3, 300), now() + $4 * interval '1 s') RETURNING expires_at AS "expiresAt"`,
      [userId, tokenHash, userAgent, sessionSeconds.idle],
    );
    if (!row) throw new Error('The database returned no row for a new session.');
    return row;
  }

  /**
   * Who is behind a cookie; null when it is unknown or expired, or the user disabled. Each use moves the expiry on,
   * with at most one write a minute.
   */
  async find(_actor: SystemPrincipal, tokenHash: Buffer): Promise<SignedIn | null> {
    const use = await readRow<SessionUse>(
      this.dataSource,
      `SELECT s.id, u.id AS "userId", u.email, u.name, u.is_admin AS "isAdmin",
              s.last_used_at <= now() - interval '1 minute' AS "isDue"
         FROM sessions s JOIN users u ON u.id = s.user_id
        WHERE s.token_hash = $1 AND s.expires_at > now() AND u.disabled_at IS NULL`,
      [tokenHash],
    );
    if (!use) return null;
    if (use.isDue) await this.#recordUse(use.id);
    const { userId, email, isAdmin } = use;
    return {
      sessionId: use.id,
      userName: use.name,
      principal: { kind: 'user', userId, email, isAdmin, tokenId: null },
    };
  }

  /** Signs out one session, by its cookie; one that is gone already is fine. */
  async revoke(_actor: SystemPrincipal, tokenHash: Buffer): Promise<void> {
    await this.dataSource.query('DELETE FROM sessions WHERE token_hash = $1', [tokenHash]);
  }

  /** Signs a user out everywhere, by themself or an administrator, but for the session to keep; answers how many. */
  async revokeAll(actor: Principal, userId: number, keptSessionId: number | null = null): Promise<number> {
    requireSelfOrAdmin(actor, userId);
    const gone = await readRows(
      this.dataSource,
      'DELETE FROM sessions WHERE user_id = $1::bigint AND id IS DISTINCT FROM $2::int RETURNING id',
      [userId, keptSessionId],
    );
    return gone.length;
  }

  /** Of several requests at once one writes: the others find the condition false. */
  async #recordUse(sessionId: number): Promise<void> {
    await this.dataSource.query(
      `UPDATE sessions SET last_used_at = now(),
              expires_at = least(now() + $2 * interval '1 s', created_at + $3 * interval '1 s')
        WHERE id = $1 AND last_used_at <= now() - interval '1 minute'`,
      [sessionId, sessionSeconds.idle, sessionSeconds.longest],
    );
  }
}
