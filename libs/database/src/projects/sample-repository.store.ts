import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { SystemPrincipal } from '@nohands/domain';
import { DataSource } from 'typeorm';
import { readRow } from '../sql.js';

/** What must be known before the sample repository is offered. */
@Injectable()
export class SampleRepositoryStore {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** True once any repository was ever made, also when all are deleted: the numbers they take never come back. */
  async wasRepositoryMade(_actor: SystemPrincipal): Promise<boolean> {
    const row = await readRow<{ is_called: boolean }>(
      this.dataSource,
      'SELECT is_called FROM repositories_id_seq',
    );
    return row?.is_called ?? false;
  }
}
