import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { Problem, shortestShaPrefix, type Principal } from '@nohands/domain';
import { DataSource } from 'typeorm';
import { readPage, type Page, type PageRequest } from '../paging.js';
import { readRow, readRows, StatementParameters } from '../sql.js';
import { repositoryIsVisible, viewerId } from '../visibility.js';

/** A commit; `branchName` is the branch asked for, else the default branch if it holds it, else the newest that does. */
export type CommitRow = {
  readonly id: number;
  readonly repositoryId: number;
  readonly repositoryName: string;
  readonly branchName: string | null;
  readonly sha: string;
  readonly message: string;
  readonly author: string;
  readonly authorEmail: string;
  readonly committedAt: Date;
  readonly parents: string[];
};

const columns = `c.id, c.repository_id AS "repositoryId", r.name AS "repositoryName", c.sha, c.message, c.author,
  c.author_email AS "authorEmail", c.committed_at AS "committedAt", c.parents`;

const source = 'commits c JOIN repositories r ON r.id = c.repository_id';

/** SQL expression: the branch that names a commit nobody reached by a branch. */
function branchOfCommit(commitId: string, repositoryId: string): string {
  return `(
    SELECT f.name FROM branch_commits m JOIN refs f ON f.id = m.ref_id AND f.generation = m.generation
      JOIN repositories d ON d.id = ${repositoryId}
     WHERE m.commit_id = ${commitId}
     ORDER BY (f.name IS NOT DISTINCT FROM d.default_branch) DESC, f.last_updated DESC, f.id DESC LIMIT 1) AS "branchName"`;
}

const columnsOfOne = `${columns}, ${branchOfCommit('c.id', 'c.repository_id')}`;

type BranchCommitRow = CommitRow & { readonly generation: number; readonly position: number };

/** The commits that refreshes have found. */
@Injectable()
export class CommitsStore {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** One page of the recent commits of a branch, newest first; empty when it does not exist or may not be seen. */
  async pageOfBranch(viewer: Principal, branchId: number, request: PageRequest): Promise<Page<CommitRow>> {
    const parameters = new StatementParameters();
    const eyes = parameters.add(viewerId(viewer));
    const from = `refs f JOIN repositories r ON r.id = f.repository_id
      JOIN branch_commits m ON m.ref_id = f.id AND m.generation = f.generation`;
    const page = await readPage<BranchCommitRow>(
      this.dataSource,
      {
        columns: `${columns}, f.name AS "branchName", m.generation, m.position`,
        from: `${from} JOIN commits c ON c.id = m.commit_id`,
        countFrom: from,
        conditions: [
          repositoryIsVisible('r', eyes),
          `f.id = ${parameters.add(branchId)}::bigint`,
          `f.kind = 'branch'`,
        ],
        parameters,
        keyset: {
          order: 'descending',
          columns: [
            { sql: 'm.generation', type: 'integer' },
            { sql: 'm.position', type: 'integer' },
          ],
        },
        keyOf: ({ generation, position }) => [generation, position],
      },
      request,
    );
    return { ...page, results: page.results.map(({ generation: _, position: __, ...commit }) => commit) };
  }

  /** One page of the commits of a repository (or, with null, of all visible ones), newest first. */
  async page(viewer: Principal, repositoryId: number | null, request: PageRequest): Promise<Page<CommitRow>> {
    const parameters = new StatementParameters();
    const conditions = [repositoryIsVisible('r', parameters.add(viewerId(viewer)))];
    if (repositoryId !== null) conditions.push(`c.repository_id = ${parameters.add(repositoryId)}::bigint`);
    return readPage<CommitRow>(
      this.dataSource,
      {
        columns,
        lateColumns: branchOfCommit('page.id', 'page."repositoryId"'),
        from: source,
        conditions,
        parameters,
        keyset: {
          order: 'descending',
          columns: [
            { sql: 'c.committed_at', type: 'time' },
            { sql: 'c.id', type: 'integer' },
          ],
        },
        keyOf: ({ committedAt, id }) => [committedAt, id],
      },
      request,
    );
  }

  /** One commit; null when it does not exist or the viewer may not see it. */
  async find(viewer: Principal, id: number): Promise<CommitRow | null> {
    return readRow<CommitRow>(
      this.dataSource,
      `SELECT ${columnsOfOne} FROM ${source}
        WHERE c.id = $2::bigint AND ${repositoryIsVisible('r', '$1')}`,
      [viewerId(viewer), id],
    );
  }

  /**
   * The commit of a full SHA or a unique prefix of at least seven digits, in either case; null when there is none.
   * Problem: `ambiguous_ref`.
   */
  async findBySha(viewer: Principal, repositoryId: number, shaOrPrefix: string): Promise<CommitRow | null> {
    const prefix = shaOrPrefix.toLowerCase();
    if (prefix.length < shortestShaPrefix || !/^[0-9a-f]{1,40}$/.test(prefix)) return null;
    // A range, not LIKE: the unique index serves it in every collation.
    const found = await readRows<CommitRow>(
      this.dataSource,
      `SELECT ${columnsOfOne} FROM ${source}
        WHERE c.repository_id = $2::bigint AND c.sha >= $3 AND c.sha < $3 || 'g' AND ${repositoryIsVisible('r', '$1')}
        ORDER BY c.sha LIMIT 2`,
      [viewerId(viewer), repositoryId, prefix],
    );
    if (found.length > 1) {
      throw new Problem(
        'ambiguous_ref',
        `More than one commit begins with ${prefix}. Give more digits of the SHA.`,
      );
    }
    return found[0] ?? null;
  }
}
