import { Injectable } from '@nestjs/common';
import type { JobFence } from '@nohands/database';
import type { JobKind, JobPayloads, JobResults } from '@nohands/domain';
import { RefResolver } from '../projects/ref-resolver.js';
import { RepositoryRefresher } from '../projects/repository-refresher.js';
import { LogSealer } from './log.sealer.js';

export type JobHandler<Kind extends JobKind> = (
  payload: JobPayloads[Kind],
  fence: JobFence,
) => Promise<JobResults[Kind]>;

/** The one handler of every kind of job; a kind without one does not compile. */
@Injectable()
export class JobHandlers {
  readonly byKind: { readonly [Kind in JobKind]: JobHandler<Kind> };

  constructor(refresher: RepositoryRefresher, resolver: RefResolver, sealer: LogSealer) {
    this.byKind = {
      'refresh-repository': ({ repositoryId }, fence) => refresher.refresh(repositoryId, fence),
      'resolve-ref': (question) => resolver.resolve(question),
      'seal-log': ({ buildId }) => sealer.seal(buildId),
    };
  }
}
