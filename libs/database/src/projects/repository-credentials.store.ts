import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { SystemPrincipal } from '@nohands/domain';
import { DataSource } from 'typeorm';
import { readRow } from '../sql.js';
import { storedCredentialsSql, type StoredCredentials } from './repository-credentials.js';

/** What opens private repositories, encrypted; no person reads it back. */
@Injectable()
export class RepositoryCredentialsStore {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** Null when the repository has none or is gone. */
  async find(_actor: SystemPrincipal, repositoryId: number): Promise<StoredCredentials | null> {
    const row = await readRow<{ stored: StoredCredentials }>(
      this.dataSource,
      `SELECT ${storedCredentialsSql('k')} AS stored FROM repository_credentials k WHERE k.repository_id = $1`,
      [repositoryId],
    );
    return row?.stored ?? null;
  }
}
