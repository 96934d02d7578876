import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { actorName, isFinal, Problem, type BuildStatus, type Principal } from '@nohands/domain';
import { DataSource, type EntityManager } from 'typeorm';
import { notify, notifyBuildSql } from '../notices.js';
import { readPage, type Page, type PageRequest } from '../paging.js';
import { StatementParameters } from '../sql.js';
import { repositoryIsBuildable, repositoryIsVisible, viewerId } from '../visibility.js';
import { moveBuild, requestSeal } from './build-moves.js';
import {
  buildRowColumns,
  buildRowSource,
  type BuildEventRow,
  type BuildRow,
  type BuildStepRow,
} from './build-row.js';

export type BuildFilter = {
  readonly repositoryId?: number;
  readonly status?: BuildStatus;
  readonly branch?: string;
  readonly commitId?: number;
};

export type NewBuild = {
  readonly repositoryId: number;
  readonly commitId: number;
  readonly ref: string | null;
  readonly branchName: string | null;
  readonly pushToRegistry: boolean;
  readonly timeoutSeconds: number;
  /** The full reference the image gets, `<registry>/<image_name>:<sha>` or `<image_name>:<sha>` without a registry. */
  readonly imageTag: string;
};

/** The same key with the same request answers with the same build; with another request it is refused. */
export type Idempotency = { readonly key: string; readonly requestSha256: string };

/** Builds as people see and ask for them; the claims of workers are `BuildClaimsStore`. */
@Injectable()
export class BuildsStore {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** One page of the visible builds, newest first. Problems: `invalid_cursor`, `invalid_fields`. */
  async page(viewer: Principal, filter: BuildFilter, request: PageRequest): Promise<Page<BuildRow>> {
    const parameters = new StatementParameters();
    const conditions = [repositoryIsVisible('r', parameters.add(viewerId(viewer)))];
    if (filter.repositoryId !== undefined)
      conditions.push(`b.repository_id = ${parameters.add(filter.repositoryId)}::bigint`);
    if (filter.status !== undefined) conditions.push(`b.status = ${parameters.add(filter.status)}`);
    if (filter.branch !== undefined) conditions.push(`b.branch_name = ${parameters.add(filter.branch)}`);
    if (filter.commitId !== undefined)
      conditions.push(`b.commit_id = ${parameters.add(filter.commitId)}::bigint`);
    return readPage<BuildRow>(
      this.dataSource,
      {
        columns: buildRowColumns,
        from: buildRowSource,
        countFrom: 'builds b JOIN repositories r ON r.id = b.repository_id',
        conditions,
        parameters,
        keyset: { order: 'descending', columns: [{ sql: 'b.id', type: 'integer' }] },
        keyOf: (build) => [build.id],
      },
      request,
    );
  }

  /** One build; null when it does not exist or the viewer may not see it. */
  async find(viewer: Principal, id: number): Promise<BuildRow | null> {
    const [row] = await this.dataSource.query(
      `SELECT ${buildRowColumns} FROM ${buildRowSource} WHERE b.id = $2 AND ${repositoryIsVisible('r', '$1')}`,
      [viewerId(viewer), id],
    );
    return row ?? null;
  }

  /** The steps of the last attempt, in order of start. */
  async steps(viewer: Principal, id: number): Promise<BuildStepRow[]> {
    return this.dataSource.query(
      `SELECT s.attempt, s.number, s.name, s.status, s.cached, s.started_at AS "startedAt",
              s.completed_at AS "completedAt", s.exit_code AS "exitCode"
         FROM build_steps s JOIN builds b ON b.id = s.build_id AND b.attempt = s.attempt
         JOIN repositories r ON r.id = b.repository_id
        WHERE b.id = $2 AND ${repositoryIsVisible('r', '$1')} ORDER BY s.number`,
      [viewerId(viewer), id],
    );
  }

  /** Every move of the build, oldest first. */
  async events(viewer: Principal, id: number): Promise<BuildEventRow[]> {
    return this.dataSource.query(
      `SELECT e.revision, e.from_status AS "fromStatus", e.to_status AS "toStatus", e.attempt, e.actor, e.reason,
              e.created_at AS "createdAt"
         FROM build_events e JOIN builds b ON b.id = e.build_id JOIN repositories r ON r.id = b.repository_id
        WHERE b.id = $2 AND ${repositoryIsVisible('r', '$1')} ORDER BY e.revision`,
      [viewerId(viewer), id],
    );
  }

  /**
   * Writes a pending build and answers its id. Problems: `not_found` (repository or commit not visible),
   * `forbidden` (may look but not build), `invalid_fields` (commit of another repository), `repository_inactive`,
   * `idempotency_mismatch`.
   */
  async trigger(actor: Principal, build: NewBuild, idempotency: Idempotency | null = null): Promise<number> {
    return this.dataSource.transaction(async (manager) => {
      if (idempotency !== null && actor.kind === 'user') {
        const earlier = await this.#earlierBuild(manager, actor.userId, idempotency);
        if (earlier !== null) return earlier;
      }
      const dockerfilePath = await this.#judgeTrigger(manager, actor, build);
      const id = await this.#insert(manager, actor, build, dockerfilePath);
      if (idempotency !== null && actor.kind === 'user') {
        await manager.query(
          'INSERT INTO idempotency_keys (user_id, key, request_sha256, build_id) VALUES ($1, $2, $3, $4)',
          [actor.userId, idempotency.key, idempotency.requestSha256, id],
        );
      }
      return id;
    });
  }

  /**
   * Asks for the end of a build. A waiting one ends at once; a running one is stopped by its worker.
   * Problems: `not_found`, `forbidden`, `already_final`. Asking twice is fine.
   */
  async requestCancel(actor: Principal, id: number): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      const [row] = await manager.query(
        `SELECT b.status, ${repositoryIsBuildable('r', '$1')} AS allowed FROM builds b
           JOIN repositories r ON r.id = b.repository_id
          WHERE b.id = $2 AND ${repositoryIsVisible('r', '$1')} FOR UPDATE OF b`,
        [viewerId(actor), id],
      );
      if (row === undefined) throw new Problem('not_found', `There is no build ${id}.`);
      if (!row.allowed)
        throw new Problem('forbidden', 'Only a developer of the repository may cancel its builds.');
      if (isFinal(row.status))
        throw new Problem('already_final', `Build ${id} has already ended: ${row.status}.`);
      if (row.status === 'pending') await this.#cancelPending(manager, actor, id);
      else await this.#markCancelled(manager, actor, id);
    });
  }

  async #earlierBuild(
    manager: EntityManager,
    userId: number,
    { key, requestSha256 }: Idempotency,
  ): Promise<number | null> {
    // Two requests with one key at the same moment must not both find nothing.
    await manager.query(
      `SELECT pg_advisory_xact_lock(hashtextextended('idempotency:' || $1 || ':' || $2, 0))`,
      [userId, key],
    );
    const [row] = await manager.query(
      'SELECT request_sha256, build_id FROM idempotency_keys WHERE user_id = $1 AND key = $2',
      [userId, key],
    );
    if (row === undefined) return null;
    if (row.request_sha256 !== requestSha256) {
      throw new Problem(
        'idempotency_mismatch',
        'This Idempotency-Key was sent before with another request; use a new key.',
      );
    }
    return row.build_id;
  }

  /** The Dockerfile path the build will use, once it is sure that this viewer may build this commit. */
  async #judgeTrigger(manager: EntityManager, actor: Principal, build: NewBuild): Promise<string> {
    const [row] = await manager.query(
      `SELECT r.is_active, r.dockerfile_path, ${repositoryIsBuildable('r', '$1')} AS allowed,
              EXISTS (SELECT 1 FROM commits c WHERE c.id = $3 AND c.repository_id = r.id) AS owns_commit
         FROM repositories r WHERE r.id = $2 AND ${repositoryIsVisible('r', '$1')}`,
      [viewerId(actor), build.repositoryId, build.commitId],
    );
    if (row === undefined) throw new Problem('not_found', `There is no repository ${build.repositoryId}.`);
    if (!row.allowed) throw new Problem('forbidden', 'Only a developer of the repository may build it.');
    if (!row.owns_commit) {
      const detail = `Commit ${build.commitId} is not a commit of repository ${build.repositoryId}.`;
      throw new Problem('invalid_fields', detail, [{ pointer: '/commit_id', detail }]);
    }
    if (!row.is_active)
      throw new Problem('repository_inactive', 'The repository is paused; activate it to build.');
    return row.dockerfile_path;
  }

  async #insert(
    manager: EntityManager,
    actor: Principal,
    build: NewBuild,
    dockerfilePath: string,
  ): Promise<number> {
    const [row] = await manager.query(
      `WITH made AS (
         INSERT INTO builds (repository_id, commit_id, requested_by, ref, branch_name, dockerfile_path,
                             push_to_registry, timeout_seconds, image_tag)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING *
       ), log AS (INSERT INTO build_logs (build_id) SELECT id FROM made
       ), kept AS (
         INSERT INTO build_events (build_id, revision, to_status, attempt, actor, reason)
         SELECT id, revision, status, 0, $10, 'triggered' FROM made)
       SELECT id, repository_id, revision FROM made`,
      [
        build.repositoryId,
        build.commitId,
        actor.kind === 'user' ? actor.userId : null,
        build.ref,
        build.branchName,
        dockerfilePath,
        build.pushToRegistry,
        build.timeoutSeconds,
        build.imageTag,
        actorName(actor),
      ],
    );
    await notify(manager, {
      kind: 'build',
      id: row.id,
      repositoryId: row.repository_id,
      revision: row.revision,
    });
    return row.id;
  }

  async #cancelPending(manager: EntityManager, actor: Principal, id: number): Promise<void> {
    await moveBuild(manager, {
      buildId: id,
      attempt: null,
      from: 'pending',
      to: 'cancelled',
      set: {
        cancel_requested_by: actorName(actor),
        cancel_reason: 'requested',
        stop_confirmed: true,
      },
      actor: actorName(actor),
      reason: 'cancelled while waiting',
    });
    await requestSeal(manager, id);
  }

  async #markCancelled(manager: EntityManager, actor: Principal, id: number): Promise<void> {
    await manager.query(
      `WITH marked AS (
         UPDATE builds SET cancel_requested_at = now(), cancel_requested_by = $2, cancel_reason = 'requested',
                           revision = revision + 1
          WHERE id = $1 AND cancel_requested_at IS NULL RETURNING *
       ), kept AS (
         INSERT INTO build_events (build_id, revision, from_status, to_status, attempt, actor, reason)
         SELECT id, revision, status, status, attempt, $2, 'cancel requested' FROM marked)
       SELECT ${notifyBuildSql('marked')} FROM marked`,
      [id, actorName(actor)],
    );
  }
}
