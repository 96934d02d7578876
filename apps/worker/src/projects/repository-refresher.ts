import { Injectable, Logger } from '@nestjs/common';
import {
  RefreshFencedError,
  RefreshStore,
  RepositoriesStore,
  type JobFence,
  type RefreshResult,
  type RepositoryRow,
} from '@nohands/database';
import { Problem, system, type JobResults } from '@nohands/domain';
import { GitError, isGitError, type GitMirror } from '@nohands/git';
import { MirrorTidier } from './mirror-tidier.js';
import { describeRefresh } from './refresh-description.js';
import { RepositoryMirrors } from './repository-mirrors.js';

const worker = system('worker');

/** Brings what the database knows of a repository to the state of its remote. */
@Injectable()
export class RepositoryRefresher {
  readonly #logger = new Logger(RepositoryRefresher.name);

  constructor(
    private readonly mirrors: RepositoryMirrors,
    private readonly repositories: RepositoriesStore,
    private readonly refreshes: RefreshStore,
    private readonly tidier: MirrorTidier,
  ) {}

  /** Costs what changed at the remote. Rejects after the failure was written where people see it. */
  async refresh(repositoryId: number, fence: JobFence): Promise<JobResults['refresh-repository']> {
    const repository = await this.repositories.find(worker, repositoryId);
    if (repository === null) throw new Problem('not_found', `Repository ${repositoryId} is gone.`);
    try {
      const mirror = await this.mirrors.open(repository);
      const { newCommits, changedRefs } = await this.#bring(repository, mirror, fence).catch(
        (error: unknown) => {
          // The damage showed in the middle of a walk. The mirror is whole again, and nothing was written.
          if (!isGitError(error, 'mirror_damaged')) throw error;
          return this.#bring(repository, mirror, fence);
        },
      );
      if (newCommits > 0) this.tidier.tidy(repositoryId, mirror);
      return { newCommits, changedRefs };
    } catch (error) {
      if (!(error instanceof RefreshFencedError)) await this.#recordFailure(repositoryId, error, fence);
      throw error;
    }
  }

  async #bring(repository: RepositoryRow, mirror: GitMirror, fence: JobFence): Promise<RefreshResult> {
    const refs = await mirror.fetch();
    const known = await this.refreshes.loadKnownRefs(worker, repository.id);
    const remote = { refs, defaultBranch: repository.defaultBranch };
    const refresh = await describeRefresh(mirror, remote, known);
    return this.refreshes.apply(worker, repository.id, refresh, fence);
  }

  async #recordFailure(repositoryId: number, error: unknown, fence: JobFence): Promise<void> {
    const failure =
      error instanceof GitError
        ? { code: error.code, message: error.message }
        : {
            code: 'internal',
            message: 'NoHands itself failed at this refresh; the log of the worker says more.',
          };
    await this.refreshes.fail(worker, repositoryId, failure, fence).catch((reason: unknown) => {
      // The database is away or the claim is lost: the sweeper says that the refresh failed.
      this.#logger.warn(
        `The failed refresh of repository ${repositoryId} could not be written: ${String(reason)}`,
      );
    });
  }
}
