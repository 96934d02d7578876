import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { SystemPrincipal } from '@nohands/domain';
import { DataSource, type EntityManager } from 'typeorm';
import { notify } from '../notices.js';
import { readRow, readRows } from '../sql.js';
import { lockRepository, recordFailedRefresh, statusAfterRefresh } from './refresh-request.js';
import { writeMemberships, type Membership } from './membership-writes.js';
import { insertCommits, writeRefs, type NewCommit, type RemoteRef } from './refresh-writes.js';
import type { RefKind } from './refs.store.js';
import { noSuchRepository } from './repository-row.js';

export type KnownRef = { readonly kind: RefKind; readonly name: string; readonly sha: string };

/** What a remote has now, and what of it is new. */
export type Refresh = {
  /** The remote's HEAD; taken over when the repository has no default branch, or one that is gone. */
  readonly defaultBranch: string | null;
  /** All branches and tags; those not named are deleted. */
  readonly branches: readonly RemoteRef[];
  readonly tags: readonly RemoteRef[];
  /** At least the commits that are not stored yet, in any order; read as a stream, in bounded memory. */
  readonly commits: AsyncIterable<NewCommit> | Iterable<NewCommit>;
  /** For each branch that moved or is new. */
  readonly memberships: readonly Membership[];
};

export type RefreshResult = {
  readonly newCommits: number;
  readonly changedRefs: number;
  readonly revision: number;
  /** Refs whose names are too long to keep (over 255 characters). */
  readonly skippedRefs: readonly string[];
};

/** The claim under which a refresh writes; a newer attempt of the job fences it off. */
export type JobFence = { readonly jobId: number; readonly attempt: number };

/** The claim of a refresh went to another attempt; nothing was written. */
export class RefreshFencedError extends Error {
  override readonly name = 'RefreshFencedError';
  readonly code = 'refresh_fenced';
}

const longestRefName = 255;
// The first of two lock numbers; the second is the repository.
const refreshLock = 0x6e68_7266;

/** What the worker writes of a remote. */
@Injectable()
export class RefreshStore {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** The branches and tags that the last refresh stored. */
  async loadKnownRefs(_actor: SystemPrincipal, repositoryId: number): Promise<KnownRef[]> {
    return readRows<KnownRef>(
      this.dataSource,
      `SELECT f.kind, f.name, c.sha FROM refs f JOIN commits c ON c.id = f.commit_id
        WHERE f.repository_id = $1 ORDER BY f.kind, f.name`,
      [repositoryId],
    );
  }

  /** Those of the SHAs whose commits are stored. */
  async knownCommits(
    _actor: SystemPrincipal,
    repositoryId: number,
    shas: readonly string[],
  ): Promise<Set<string>> {
    const rows = await readRows<{ sha: string }>(
      this.dataSource,
      'SELECT sha FROM commits WHERE repository_id = $1 AND sha = ANY($2)',
      [repositoryId, shas],
    );
    return new Set(rows.map(({ sha }) => sha));
  }

  /** Stores commits alone (one fetched by its SHA, on no branch); answers how many were new. */
  async addCommits(
    _actor: SystemPrincipal,
    repositoryId: number,
    commits: AsyncIterable<NewCommit> | Iterable<NewCommit>,
  ): Promise<number> {
    return this.dataSource.transaction((manager) => insertCommits(manager, repositoryId, commits));
  }

  /**
   * Writes a refresh, whole or not at all, and ends it well. The statements are constant in number but for one per
   * thousand new commits and twenty thousand new members. Rejects with the problem `not_found` when the repository
   * is gone and with `RefreshFencedError` when the claim is another's (null: without a claim).
   */
  async apply(
    _actor: SystemPrincipal,
    repositoryId: number,
    refresh: Refresh,
    fence: JobFence | null,
  ): Promise<RefreshResult> {
    const isShort = ({ name }: { name: string }) => name.length <= longestRefName;
    const branches = refresh.branches.filter(isShort);
    const tags = refresh.tags.filter(isShort);
    const memberships = refresh.memberships.filter(({ branch }) => isShort({ name: branch }));
    return this.dataSource.transaction(async (manager) => {
      await beginRefresh(manager, repositoryId);
      const newCommits = await insertCommits(manager, repositoryId, refresh.commits);
      const changedRefs = await writeRefs(manager, repositoryId, branches, tags);
      await writeMemberships(manager, repositoryId, memberships);
      const revision = await endRefresh(manager, repositoryId, refresh.defaultBranch);
      await holdFence(manager, fence);
      const skipped = [...refresh.branches, ...refresh.tags].filter((ref) => !isShort(ref));
      return { newCommits, changedRefs, revision, skippedRefs: skipped.map(({ name }) => name) };
    });
  }

  /** Ends a refresh that failed, with a code and a sentence for people; what was stored before stays. */
  async fail(
    _actor: SystemPrincipal,
    repositoryId: number,
    failure: { readonly code: string; readonly message: string },
    fence: JobFence | null,
  ): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      await recordFailedRefresh(manager, repositoryId, failure);
      await holdFence(manager, fence);
    });
  }
}

/** Two refreshes of one repository follow each other; its row stays free for everybody else until the end. */
async function beginRefresh(manager: EntityManager, repositoryId: number): Promise<void> {
  await manager.query('SELECT pg_advisory_xact_lock($1::int, $2::int)', [refreshLock, repositoryId]);
  const row = await readRow(manager, 'SELECT 1 FROM repositories WHERE id = $1', [repositoryId]);
  if (!row) throw noSuchRepository();
}

async function endRefresh(
  manager: EntityManager,
  repositoryId: number,
  remoteHead: string | null,
): Promise<number> {
  if (!(await lockRepository(manager, repositoryId))) throw noSuchRepository();
  const row = await readRow<{ revision: number }>(
    manager,
    `UPDATE repositories r SET refresh_status = ${statusAfterRefresh('idle')}, refresh_error = NULL,
            refresh_error_code = NULL, refreshed_at = now(), revision = revision + 1,
            default_branch = CASE
              WHEN EXISTS (SELECT 1 FROM refs f WHERE f.repository_id = r.id AND f.kind = 'branch'
                              AND f.name = r.default_branch) THEN r.default_branch
              ELSE coalesce(left($2, ${longestRefName}), r.default_branch) END
      WHERE id = $1 RETURNING revision`,
    [repositoryId, remoteHead],
  );
  if (!row) throw noSuchRepository();
  await notify(manager, { kind: 'repository', id: repositoryId, revision: row.revision });
  return row.revision;
}

/** Last before the commit, so that the job's heartbeat is not kept waiting; a stale claim rolls everything back. */
async function holdFence(manager: EntityManager, fence: JobFence | null): Promise<void> {
  if (fence === null) return;
  const held = await readRow(
    manager,
    `SELECT 1 FROM jobs WHERE id = $1 AND attempt = $2 AND status = 'running' FOR SHARE`,
    [fence.jobId, fence.attempt],
  );
  if (!held)
    throw new RefreshFencedError('Another worker took this refresh over; nothing of this one is stored.');
}
