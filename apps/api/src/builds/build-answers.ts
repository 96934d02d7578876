import type { BuildEventRow, BuildRow, BuildStepRow } from '@nohands/database';
import type { BuildDto, BuildEventDto, BuildStateDto, BuildStepDto } from './builds.dto.js';

/** Field by field: what a row learns later does not leak into the contract. */
export function toBuildDto(row: BuildRow): BuildDto {
  return {
    id: row.id,
    repository_id: row.repositoryId,
    repository_name: row.repositoryName,
    commit_id: row.commitId,
    commit_sha: row.commitSha,
    branch_name: row.branchName,
    status: row.status,
    ref: row.ref,
    image_tag: row.imageTag,
    image_digest: row.imageDigest,
    image_reference: row.imageReference,
    image_size: row.imageSize,
    error_code: row.errorCode,
    error_message: row.errorMessage,
    error_detail: row.errorDetail,
    waiting_reason: row.waitingReason,
    cancel_requested_at: row.cancelRequestedAt?.toISOString() ?? null,
    stop_confirmed: row.stopConfirmed,
    push_to_registry: row.pushToRegistry,
    deploy_after_build: row.deployAfterBuild,
    attempt: row.attempt,
    created_at: row.createdAt.toISOString(),
    started_at: row.startedAt?.toISOString() ?? null,
    completed_at: row.completedAt?.toISOString() ?? null,
    duration: row.duration,
    log_lines: row.logLines,
    log_sha256: row.logSha256,
    revision: row.revision,
  };
}

export function toBuildStateDto(
  row: BuildRow,
  steps: readonly BuildStepRow[],
  events: readonly BuildEventRow[],
): BuildStateDto {
  return { ...toBuildDto(row), steps: steps.map(toStepDto), events: events.map(toEventDto) };
}

function toStepDto(row: BuildStepRow): BuildStepDto {
  return {
    number: row.number,
    name: row.name,
    status: row.status,
    cached: row.cached,
    started_at: row.startedAt.toISOString(),
    completed_at: row.completedAt?.toISOString() ?? null,
    exit_code: row.exitCode,
    attempt: row.attempt,
  };
}

function toEventDto(row: BuildEventRow): BuildEventDto {
  return {
    revision: row.revision,
    from_status: row.fromStatus,
    to_status: row.toStatus,
    attempt: row.attempt,
    actor: row.actor,
    reason: row.reason,
    created_at: row.createdAt.toISOString(),
  };
}
