import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { Problem, type SystemPrincipal } from '@nohands/domain';
import { DataSource } from 'typeorm';
import { readRow } from '../sql.js';
import { hasActiveAdmin, lockAdmins } from './first-admin.js';

/** The one-time link that makes the first administrator; `UsersStore.createFirstAdmin` uses it up. */
@Injectable()
export class SetupLinksStore {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** Makes the link (SHA-256 of its token), valid for so many seconds; earlier ones stop working. Problem: `setup_done`. */
  async create(_actor: SystemPrincipal, tokenHash: Buffer, seconds: number): Promise<{ expiresAt: Date }> {
    return this.dataSource.transaction(async (manager) => {
      await lockAdmins(manager);
      if (await hasActiveAdmin(manager)) {
        throw new Problem('setup_done', 'This installation already has an administrator.');
      }
      await manager.query('DELETE FROM setup_links WHERE used_at IS NULL');
      const row = await readRow<{ expiresAt: Date }>(
        manager,
        `INSERT INTO setup_links (token_hash, expires_at) VALUES ($1, now() + $2 * interval '1 s')
         RETURNING expires_at AS "expiresAt"`,
        [tokenHash, seconds],
      );
      if (!row) throw new Error('The database returned no row for a new set-up link.');
      return row;
    });
  }

  /** When the link expires, without using it up; null when it is unknown, used, expired or no longer needed. */
  async peek(_actor: SystemPrincipal, tokenHash: Buffer): Promise<{ expiresAt: Date } | null> {
    return readRow<{ expiresAt: Date }>(
      this.dataSource,
      `SELECT expires_at AS "expiresAt" FROM setup_links
        WHERE token_hash = $1 AND used_at IS NULL AND expires_at > now()
          AND NOT EXISTS (SELECT 1 FROM users WHERE is_admin AND disabled_at IS NULL)`,
      [tokenHash],
    );
  }
}
