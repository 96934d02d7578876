import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import {
  isRetryable,
  leaseMilliseconds,
  maximumAttempts,
  type BuildErrorCode,
  type BuildStep,
  type SystemPrincipal,
} from '@nohands/domain';
import { DataSource } from 'typeorm';
import { notifyBuildSql } from '../notices.js';
import { storableText } from '../storable-text.js';
import { storedCredentialsSql, type StoredCredentials } from '../projects/repository-credentials.js';
import { moveBuild, requestSeal } from './build-moves.js';

/** A build in a worker's hand: all it needs to run, and the fence (`attempt`) that every later write names. */
export type ClaimedBuild = {
  readonly id: number;
  readonly attempt: number;
  readonly repositoryId: number;
  readonly repositoryUrl: string;
  readonly repositoryIsSample: boolean;
  readonly repositoryCredentials: StoredCredentials | null;
  readonly imageName: string;
  readonly commitId: number;
  readonly commitSha: string;
  readonly committedAt: Date;
  readonly dockerfilePath: string;
  readonly pushToRegistry: boolean;
  readonly timeoutSeconds: number;
  readonly imageTag: string;
  readonly createdAt: Date;
  /** Earlier attempts that failed by the infrastructure; one handed over by a stopping worker does not count. */
  readonly failedAttempts: number;
  /** Number the next log line gets; above 1 when an earlier attempt wrote lines. */
  readonly nextLine: number;
  readonly logBytes: number;
  /** Digest of the layout an earlier attempt has kept: only the push is left to do. */
  readonly keptDigest: string | null;
};

export type KeptImage = { readonly digest: string; readonly mediaType: string; readonly size: number };

export type BuildFailure = {
  readonly code: BuildErrorCode;
  readonly message: string;
  readonly detail: string | null;
};

/** Any number; it only has to be the same in every process. */
const claimLock = 7_310_001;
const retryDelaySeconds = [0, 5, 20];

const claimStatement = `
  WITH claimable AS (
    SELECT b.id FROM builds b
     WHERE b.status = 'pending' AND (b.not_before IS NULL OR b.not_before <= clock_timestamp())
       AND NOT coalesce((SELECT value = 'true'::jsonb FROM settings WHERE key = 'queue_paused'), false)
       AND (SELECT count(*) FROM builds WHERE status = 'running')
           < (SELECT (value #>> '{}')::int FROM settings WHERE key = 'max_concurrent_builds')
     ORDER BY b.priority DESC,
              (SELECT count(*) FROM builds o WHERE o.repository_id = b.repository_id AND o.status = 'running'), b.id
     LIMIT 1
  ), moved AS (
    UPDATE builds b SET status = 'running', attempt = b.attempt + 1, revision = b.revision + 1,
           started_at = clock_timestamp(), not_before = NULL, error_code = NULL, error_message = NULL, error_detail = NULL
      FROM claimable c WHERE b.id = c.id AND b.status = 'pending'
    RETURNING b.*
  ), held AS (
    INSERT INTO build_attempts (build_id, attempt, worker_id, claimed_at, heartbeat_at, lease_expires_at, engine)
    SELECT id, attempt, $1, clock_timestamp(), clock_timestamp(), clock_timestamp() + $2 * interval '1 ms', $3 FROM moved
  ), kept AS (
    INSERT INTO build_events (build_id, revision, from_status, to_status, attempt, actor, reason)
    SELECT id, revision, 'pending', 'running', attempt, $4, 'claimed by worker ' || $1 FROM moved
  ), fenced AS (
    UPDATE build_logs l SET attempt = m.attempt FROM moved m WHERE l.build_id = m.id
    RETURNING l.build_id, l.next_line, l.bytes
  )
  SELECT m.id, m.attempt, m.repository_id AS "repositoryId", r.url AS "repositoryUrl", r.is_sample AS "repositoryIsSample",
         ${storedCredentialsSql('k')} AS "repositoryCredentials",
         r.image_name AS "imageName", m.commit_id AS "commitId", c.sha AS "commitSha", c.committed_at AS "committedAt",
         m.dockerfile_path AS "dockerfilePath", m.push_to_registry AS "pushToRegistry",
         m.timeout_seconds AS "timeoutSeconds", m.image_tag AS "imageTag", m.created_at AS "createdAt",
         f.next_line AS "nextLine", f.bytes::float8 AS "logBytes", i.digest AS "keptDigest",
         (SELECT count(*)::int FROM build_attempts e WHERE e.build_id = m.id AND e.error_code IS NOT NULL) AS "failedAttempts",
         ${notifyBuildSql('m')}
    FROM moved m JOIN repositories r ON r.id = m.repository_id JOIN commits c ON c.id = m.commit_id
    JOIN fenced f ON f.build_id = m.id LEFT JOIN images i ON i.build_id = m.id
    LEFT JOIN repository_credentials k ON k.repository_id = m.repository_id`;

/** Claims and everything a worker writes under one; each write is refused (false) once the claim is lost. */
@Injectable()
export class BuildClaimsStore {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /**
   * Claims the next build or answers null. This statement alone decides limit, pause, priority and fairness; the
   * lock makes the count of running builds true while it decides.
   */
  async claimNext(worker: SystemPrincipal, workerId: string, engine: string): Promise<ClaimedBuild | null> {
    return this.dataSource.transaction(async (manager) => {
      await manager.query('SELECT pg_advisory_xact_lock($1)', [claimLock]);
      const [build] = await manager.query(claimStatement, [
        workerId,
        leaseMilliseconds,
        engine,
        `system:${worker.name}`,
      ]);
      return build ?? null;
    });
  }

  /** How many waiting builds could be claimed at this moment. */
  async countClaimable(_sweeper: SystemPrincipal): Promise<number> {
    const [row] = await this.dataSource.query(
      `SELECT CASE WHEN coalesce((SELECT value = 'true'::jsonb FROM settings WHERE key = 'queue_paused'), false) THEN 0
              ELSE least(
                (SELECT count(*) FROM builds WHERE status = 'pending' AND (not_before IS NULL OR not_before <= now())),
                (SELECT (value #>> '{}')::int FROM settings WHERE key = 'max_concurrent_builds')
                  - (SELECT count(*) FROM builds WHERE status = 'running')) END::int AS count`,
    );
    return Math.max(0, row.count ?? 0);
  }

  /** Writes steps as they are now; the build's revision rises, so that viewers take the new state. */
  async saveSteps(
    _worker: SystemPrincipal,
    build: ClaimedBuild,
    steps: readonly BuildStep[],
  ): Promise<boolean> {
    const rows: unknown[] = await this.dataSource.query(
      `WITH fenced AS (
         UPDATE builds SET revision = revision + 1 WHERE id = $1 AND attempt = $2 AND status = 'running' RETURNING *
       ), saved AS (
         INSERT INTO build_steps (build_id, attempt, number, name, status, cached, started_at, completed_at, exit_code)
         SELECT f.id, f.attempt, s.* FROM fenced f,
                unnest($3::int[], $4::text[], $5::text[], $6::bool[], $7::timestamptz[], $8::timestamptz[], $9::int[]) s
         ON CONFLICT (build_id, attempt, number) DO UPDATE SET name = excluded.name, status = excluded.status,
           cached = excluded.cached, completed_at = excluded.completed_at, exit_code = excluded.exit_code)
       SELECT ${notifyBuildSql('f')} FROM fenced f`,
      [
        build.id,
        build.attempt,
        steps.map(({ number }) => number),
        steps.map(({ name }) => storableText(name)),
        steps.map(({ status }) => status),
        steps.map(({ cached }) => cached),
        steps.map(({ startedAt }) => new Date(startedAt)),
        steps.map(({ completedAt }) => (completedAt === null ? null : new Date(completedAt))),
        steps.map(({ exitCode }) => exitCode),
      ],
    );
    return rows.length === 1;
  }

  /** Records the image whose layout now lies in the storage; a later attempt goes straight to the push. */
  async keepImage(_worker: SystemPrincipal, build: ClaimedBuild, image: KeptImage): Promise<boolean> {
    const rows: unknown[] = await this.dataSource.query(
      `WITH fenced AS (
         UPDATE builds SET revision = revision + 1, image_digest = $3, image_size = $5
          WHERE id = $1 AND attempt = $2 AND status = 'running' RETURNING *
       ), kept AS (
         INSERT INTO images (build_id, digest, media_type, size) SELECT id, $3, $4, $5 FROM fenced
         ON CONFLICT (build_id) DO UPDATE SET digest = excluded.digest, media_type = excluded.media_type, size = excluded.size)
       SELECT ${notifyBuildSql('f')} FROM fenced f`,
      [build.id, build.attempt, image.digest, image.mediaType, image.size],
    );
    return rows.length === 1;
  }

  /** Ends the build well; `imageReference` is the digest reference in the registry, null when nothing was pushed. */
  async succeed(
    worker: SystemPrincipal,
    build: ClaimedBuild,
    imageReference: string | null,
  ): Promise<boolean> {
    return this.#end(worker, build, {
      to: 'success',
      set: { image_reference: imageReference },
      reason: 'built',
    });
  }

  /**
   * Ends the build badly, or sends it back to wait when the failure was the infrastructure's and attempts are left.
   * Answers what became of it; null when the claim was lost.
   */
  async fail(
    worker: SystemPrincipal,
    build: ClaimedBuild,
    failure: BuildFailure,
  ): Promise<'failed' | 'pending' | null> {
    const reason = storableText(`${failure.code}: ${failure.message}`);
    if (isRetryable(failure.code) && build.failedAttempts + 1 < maximumAttempts) {
      return (await this.#retry(worker, build, {
        delaySeconds: retryDelay(build.failedAttempts + 1),
        attemptError: failure.code,
        reason,
      }))
        ? 'pending'
        : null;
    }
    return (await this.#end(worker, build, { to: 'failed', set: failureColumns(failure), reason }))
      ? 'failed'
      : null;
  }

  /** Ends a stopped build: `cancelled`, or `failed` with `timeout`. */
  async stop(
    worker: SystemPrincipal,
    build: ClaimedBuild,
    stop: { reason: 'requested' | 'timeout' | 'superseded'; isConfirmed: boolean },
  ): Promise<boolean> {
    const stopped = { stop_confirmed: stop.isConfirmed };
    if (stop.reason !== 'timeout') {
      const set = { ...stopped, cancel_reason: stop.reason };
      return this.#end(worker, build, { to: 'cancelled', set, reason: `stopped: ${stop.reason}` });
    }
    const message = `The build took longer than ${build.timeoutSeconds} s and was stopped. Raise BUILD_TIMEOUT_SECONDS if it needs more.`;
    const set = { ...stopped, ...failureColumns({ code: 'timeout', message, detail: null }) };
    return this.#end(worker, build, { to: 'failed', set, reason: message });
  }

  /** Gives a build back unharmed because its worker stops; another one starts it again. */
  async handOver(worker: SystemPrincipal, build: ClaimedBuild): Promise<boolean> {
    return this.#retry(worker, build, { delaySeconds: 0, reason: 'handed over: the worker stops' });
  }

  async #end(
    worker: SystemPrincipal,
    build: ClaimedBuild,
    end: { to: 'success' | 'failed' | 'cancelled'; set: Record<string, unknown>; reason: string },
  ): Promise<boolean> {
    return this.dataSource.transaction(async (manager) => {
      const moved = await moveBuild(manager, { ...heldBy(worker, build), ...end });
      if (moved) await requestSeal(manager, build.id);
      return moved;
    });
  }

  async #retry(
    worker: SystemPrincipal,
    build: ClaimedBuild,
    retry: { delaySeconds: number; attemptError?: string; reason: string },
  ): Promise<boolean> {
    return moveBuild(this.dataSource.manager, { ...heldBy(worker, build), to: 'pending', set: {}, ...retry });
  }
}

function heldBy(worker: SystemPrincipal, build: ClaimedBuild) {
  return {
    buildId: build.id,
    attempt: build.attempt,
    from: 'running',
    actor: `system:${worker.name}`,
  } as const;
}

/** How long a build waits after so many failed attempts, in seconds; the first retry comes without delay. */
export function retryDelay(failedAttempts: number): number {
  return retryDelaySeconds[failedAttempts - 1] ?? 20;
}

/** The columns that say why a build failed. */
export function failureColumns(failure: BuildFailure): Record<string, unknown> {
  return {
    error_code: failure.code,
    error_message: storableText(failure.message),
    // What a RUN printed: a refused write would leave the build without an end.
    error_detail: failure.detail === null ? null : storableText(failure.detail),
  };
}
