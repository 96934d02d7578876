import { ApiToken } from './admin/api-token.entity.js';
import { Session } from './admin/session.entity.js';
import { Setting } from './admin/setting.entity.js';
import { SetupLink } from './admin/setup-link.entity.js';
import { User } from './admin/user.entity.js';
import { BuildAttempt } from './builds/build-attempt.entity.js';
import { BuildEvent } from './builds/build-event.entity.js';
import { BuildLogChunk } from './builds/build-log-chunk.entity.js';
import { BuildLog } from './builds/build-log.entity.js';
import { BuildStep } from './builds/build-step.entity.js';
import { Build } from './builds/build.entity.js';
import { IdempotencyKey } from './builds/idempotency-key.entity.js';
import { Image } from './builds/image.entity.js';
import { Job } from './jobs/job.entity.js';
import { Sweep } from './jobs/sweep.entity.js';
import { Worker } from './jobs/worker.entity.js';
import { BranchCommit } from './projects/branch-commit.entity.js';
import { Commit } from './projects/commit.entity.js';
import { Ref } from './projects/ref.entity.js';
import { RepositoryCredential } from './projects/repository-credential.entity.js';
import { RepositoryMember } from './projects/repository-member.entity.js';
import { Repository } from './projects/repository.entity.js';

/** Every table, for TypeORM; a class list needs no scan of files at start. */
export const entities = [
  ApiToken,
  BranchCommit,
  Build,
  BuildAttempt,
  BuildEvent,
  BuildLog,
  BuildLogChunk,
  BuildStep,
  Commit,
  IdempotencyKey,
  Image,
  Job,
  Ref,
  Repository,
  RepositoryCredential,
  RepositoryMember,
  Session,
  Setting,
  SetupLink,
  Sweep,
  User,
  Worker,
];
