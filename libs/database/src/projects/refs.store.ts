import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { Principal } from '@nohands/domain';
import { DataSource } from 'typeorm';
import { readPage, type Page, type PageRequest } from '../paging.js';
import { readRow, StatementParameters } from '../sql.js';
import { repositoryIsVisible, viewerId } from '../visibility.js';

export type RefKind = 'branch' | 'tag';

/** A branch or tag as the last refresh found it. */
export type RefRow = {
  readonly id: number;
  readonly repositoryId: number;
  readonly repositoryName: string;
  readonly kind: RefKind;
  readonly name: string;
  readonly commitId: number;
  readonly commitSha: string;
  /** The time of its newest commit. */
  readonly lastUpdated: Date;
};

const columns = `f.id, f.repository_id AS "repositoryId", r.name AS "repositoryName", f.kind, f.name,
  f.commit_id AS "commitId", c.sha AS "commitSha", f.last_updated AS "lastUpdated"`;
const source = 'refs f JOIN repositories r ON r.id = f.repository_id JOIN commits c ON c.id = f.commit_id';

/** The branches and tags of repositories. */
@Injectable()
export class RefsStore {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** One page of the visible branches or tags by name, of one repository or (null) of all. */
  async page(
    viewer: Principal,
    kind: RefKind,
    repositoryId: number | null,
    request: PageRequest,
  ): Promise<Page<RefRow>> {
    const parameters = new StatementParameters();
    const conditions = [
      repositoryIsVisible('r', parameters.add(viewerId(viewer))),
      `f.kind = ${parameters.add(kind)}`,
    ];
    if (repositoryId !== null) conditions.push(`f.repository_id = ${parameters.add(repositoryId)}::bigint`);
    return readPage<RefRow>(
      this.dataSource,
      {
        columns,
        from: source,
        countFrom: 'refs f JOIN repositories r ON r.id = f.repository_id',
        conditions,
        parameters,
        keyset: {
          order: 'ascending',
          columns: [
            { sql: 'f.name', type: 'text' },
            { sql: 'f.id', type: 'integer' },
          ],
        },
        keyOf: (ref) => [ref.name, ref.id],
      },
      request,
    );
  }

  /** One branch or tag; null when it does not exist or the viewer may not see it. */
  async find(viewer: Principal, kind: RefKind, id: number): Promise<RefRow | null> {
    return readRow<RefRow>(
      this.dataSource,
      `SELECT ${columns} FROM ${source} WHERE f.id = $2::bigint AND f.kind = $3 AND ${repositoryIsVisible('r', '$1')}`,
      [viewerId(viewer), id, kind],
    );
  }

  /** The branch or tag of this exact name; null when there is none or the viewer may not see it. */
  async findByName(
    viewer: Principal,
    repositoryId: number,
    kind: RefKind,
    name: string,
  ): Promise<RefRow | null> {
    return readRow<RefRow>(
      this.dataSource,
      `SELECT ${columns} FROM ${source}
        WHERE f.repository_id = $2::bigint AND f.kind = $3 AND f.name = $4 AND ${repositoryIsVisible('r', '$1')}`,
      [viewerId(viewer), repositoryId, kind, name],
    );
  }
}
