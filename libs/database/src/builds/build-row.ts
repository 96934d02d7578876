import type { BuildErrorCode, BuildStatus, StepStatus, WaitingReason } from '@nohands/domain';

/** A build as lists and pages show it; never its log. */
export type BuildRow = {
  readonly id: number;
  readonly repositoryId: number;
  readonly repositoryName: string;
  readonly commitId: number;
  readonly commitSha: string;
  readonly branchName: string | null;
  readonly status: BuildStatus;
  readonly revision: number;
  readonly ref: string | null;
  readonly imageTag: string | null;
  readonly imageDigest: string | null;
  readonly imageReference: string | null;
  readonly imageSize: number | null;
  readonly errorCode: BuildErrorCode | null;
  readonly errorMessage: string | null;
  readonly errorDetail: string | null;
  readonly waitingReason: WaitingReason | null;
  readonly cancelRequestedAt: Date | null;
  readonly cancelReason: 'requested' | 'timeout' | 'superseded' | null;
  readonly stopConfirmed: boolean | null;
  readonly pushToRegistry: boolean;
  readonly deployAfterBuild: boolean;
  readonly attempt: number;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly completedAt: Date | null;
  /** Seconds of the last attempt (still counting while it runs). */
  readonly duration: number | null;
  readonly logLines: number | null;
  readonly logSha256: string | null;
};

export type BuildStepRow = {
  readonly attempt: number;
  readonly number: number;
  readonly name: string;
  readonly status: StepStatus;
  readonly cached: boolean;
  readonly startedAt: Date;
  readonly completedAt: Date | null;
  readonly exitCode: number | null;
};

export type BuildEventRow = {
  readonly revision: number;
  readonly fromStatus: BuildStatus | null;
  readonly toStatus: BuildStatus;
  readonly attempt: number;
  readonly actor: string;
  readonly reason: string;
  readonly createdAt: Date;
};

/**
 * Why a pending build waits, seen from the ledger at this moment: derived, so it is never stale.
 * A worker counts as alive for 30 s after its last heartbeat.
 */
const waitingReasonSql = `
  CASE WHEN b.status <> 'pending' THEN NULL
       WHEN coalesce((SELECT value = 'true'::jsonb FROM settings WHERE key = 'queue_paused'), false) THEN 'queue_paused'
       WHEN NOT EXISTS (SELECT 1 FROM workers w WHERE w.stopped_at IS NULL AND w.heartbeat_at > now() - interval '30 s')
         THEN 'no_worker'
       WHEN NOT EXISTS (SELECT 1 FROM workers w WHERE w.stopped_at IS NULL AND w.heartbeat_at > now() - interval '30 s'
                           AND w.engine_ready) THEN 'no_engine'
       WHEN b.not_before > now() THEN 'retry_delay'
       WHEN (SELECT count(*) FROM builds o WHERE o.status = 'running')
            >= (SELECT (value #>> '{}')::int FROM settings WHERE key = 'max_concurrent_builds') THEN 'limit_reached'
  END`;

/** Columns of `BuildRow` for a statement with `builds b`, `repositories r` and `commits c`. */
export const buildRowColumns = `
  b.id, b.repository_id AS "repositoryId", r.name AS "repositoryName", b.commit_id AS "commitId", c.sha AS "commitSha",
  b.branch_name AS "branchName", b.status, b.revision, b.ref, b.image_tag AS "imageTag",
  b.image_digest AS "imageDigest", b.image_reference AS "imageReference", b.image_size::float8 AS "imageSize",
  b.error_code AS "errorCode", b.error_message AS "errorMessage", b.error_detail AS "errorDetail",
  ${waitingReasonSql} AS "waitingReason",
  b.cancel_requested_at AS "cancelRequestedAt", b.cancel_reason AS "cancelReason", b.stop_confirmed AS "stopConfirmed",
  b.push_to_registry AS "pushToRegistry", b.deploy_after_build AS "deployAfterBuild", b.attempt,
  b.created_at AS "createdAt", b.started_at AS "startedAt", b.completed_at AS "completedAt",
  extract(epoch FROM coalesce(b.completed_at, CASE WHEN b.status = 'running' THEN now() END) - b.started_at)::float8
    AS duration,
  b.log_lines AS "logLines", b.log_sha256 AS "logSha256"`;

/** The joins that `buildRowColumns` needs. */
export const buildRowSource = `
  builds b JOIN repositories r ON r.id = b.repository_id JOIN commits c ON c.id = b.commit_id`;
