import { buildErrorCodes, buildStatuses, waitingReasons } from '@nohands/domain';
import type { BuildErrorCode, BuildStatus, WaitingReason } from '@nohands/domain';
import { Answers, Queries, Takes } from '../http/fields.js';
import { PageDto, PageQueryDto } from '../http/page.dto.js';

export class BuildsQueryDto extends PageQueryDto {
  @Queries.whole({ description: 'Id of a repository' })
  repository?: number;

  @Queries.words(buildStatuses, { name: 'BuildStatus' })
  status?: BuildStatus;

  @Queries.text({ description: 'Name of a branch' })
  branch?: string;

  @Queries.whole({ description: 'Id of a commit' })
  commit?: number;
}

export class TriggerBuildDto {
  @Takes.whole()
  repository_id!: number;

  @Takes.whole({ optional: true, nullable: true, description: 'Exactly one of `commit_id` and `ref`' })
  commit_id?: number | null;

  @Takes.text({
    optional: true,
    nullable: true,
    max: 300,
    description: 'Branch, tag, `refs/...`, full SHA or a unique prefix of 7 characters or more',
  })
  ref?: string | null;

  @Takes.flag({ optional: true })
  push_to_registry?: boolean;

  @Takes.flag({ optional: true })
  deploy_after_build?: boolean;

  @Takes.flag({
    optional: true,
    description: 'Take what is known of a branch or tag when its remote does not answer',
  })
  allow_stale?: boolean;
}

/** A build as lists carry it: never with its log. */
export class BuildDto {
  @Answers.whole()
  id!: number;

  @Answers.whole()
  repository_id!: number;

  @Answers.text()
  repository_name!: string;

  @Answers.whole()
  commit_id!: number;

  @Answers.text()
  commit_sha!: string;

  @Answers.text({ nullable: true })
  branch_name!: string | null;

  @Answers.words(buildStatuses, { name: 'BuildStatus' })
  status!: BuildStatus;

  @Answers.text({ nullable: true, description: 'What the trigger asked for, when not a commit id' })
  ref!: string | null;

  @Answers.text({ nullable: true, description: 'The full reference with the SHA tag' })
  image_tag!: string | null;

  @Answers.text({ nullable: true, description: 'Digest of the manifest (or index), pushed or not' })
  image_digest!: string | null;

  @Answers.text({ nullable: true, description: 'Reference by digest, once pushed' })
  image_reference!: string | null;

  @Answers.whole({ nullable: true, description: 'Bytes of manifest, config and compressed layers' })
  image_size!: number | null;

  @Answers.words(buildErrorCodes, { name: 'BuildErrorCode', nullable: true })
  error_code!: BuildErrorCode | null;

  @Answers.text({ nullable: true, description: 'One sentence: what, why, what next' })
  error_message!: string | null;

  @Answers.text({ nullable: true, description: 'The last lines of the output' })
  error_detail!: string | null;

  @Answers.words(waitingReasons, { name: 'WaitingReason', nullable: true })
  waiting_reason!: WaitingReason | null;

  @Answers.time({ nullable: true })
  cancel_requested_at!: string | null;

  @Answers.flag({
    nullable: true,
    description: 'False: the worker never said that nothing of the build is left',
  })
  stop_confirmed!: boolean | null;

  @Answers.flag()
  push_to_registry!: boolean;

  @Answers.flag()
  deploy_after_build!: boolean;

  @Answers.whole()
  attempt!: number;

  @Answers.time()
  created_at!: string;

  @Answers.time({ nullable: true })
  started_at!: string | null;

  @Answers.time({ nullable: true })
  completed_at!: string | null;

  @Answers.decimal({ nullable: true, description: 'Seconds of the last attempt' })
  duration!: number | null;

  @Answers.whole({ nullable: true, description: 'Null until the log is sealed' })
  log_lines!: number | null;

  @Answers.text({
    nullable: true,
    description: 'Of the plain-text log, each line ended by \\n; null until sealed',
  })
  log_sha256!: string | null;

  @Answers.whole({ description: 'Rises with every change; also the ETag' })
  revision!: number;
}

export class BuildPageDto extends PageDto {
  @Answers.list(BuildDto)
  results!: BuildDto[];
}

export const stepStatuses = ['running', 'success', 'failed', 'cancelled'] as const;

export class BuildStepDto {
  @Answers.whole({ description: 'From 1 within the attempt' })
  number!: number;

  @Answers.text()
  name!: string;

  @Answers.words(stepStatuses, { name: 'BuildStepStatus' })
  status!: (typeof stepStatuses)[number];

  @Answers.flag()
  cached!: boolean;

  @Answers.time()
  started_at!: string;

  @Answers.time({ nullable: true })
  completed_at!: string | null;

  @Answers.whole({ nullable: true })
  exit_code!: number | null;

  @Answers.whole()
  attempt!: number;
}

/** One move of the build's state. */
export class BuildEventDto {
  @Answers.whole()
  revision!: number;

  @Answers.words(buildStatuses, { name: 'BuildStatus', nullable: true })
  from_status!: BuildStatus | null;

  @Answers.words(buildStatuses, { name: 'BuildStatus' })
  to_status!: BuildStatus;

  @Answers.whole()
  attempt!: number;

  @Answers.text({ description: 'Who did it: an email, or `system:...`' })
  actor!: string;

  @Answers.text()
  reason!: string;

  @Answers.time()
  created_at!: string;
}

/** A build with its steps and its history: what the topic `builds/{id}` sends. */
export class BuildStateDto extends BuildDto {
  @Answers.list(BuildStepDto)
  steps!: BuildStepDto[];

  @Answers.list(BuildEventDto)
  events!: BuildEventDto[];
}

export class BuildDetailDto extends BuildStateDto {
  @Answers.text({ description: 'The last 64 KiB of the log' })
  logs!: string;

  @Answers.flag({ description: 'True when `logs` does not begin at line 1' })
  logs_truncated!: boolean;
}
