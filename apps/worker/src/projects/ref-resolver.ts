import { Injectable } from '@nestjs/common';
import { CommitsStore, RefreshStore, RepositoriesStore } from '@nohands/database';
import {
  lookupDeadlineMilliseconds,
  parseRefText,
  Problem,
  system,
  type JobPayloads,
  type JobResults,
  type RefText,
} from '@nohands/domain';
import { GitError, type GitMirror, type ResolvedRef } from '@nohands/git';
import { RepositoryMirrors } from './repository-mirrors.js';

const worker = system('worker');

/** The answer must arrive before the API stops waiting; within that time, the remote its own, so that `allowStale` can answer for it. */
const deadlines = {
  allMilliseconds: lookupDeadlineMilliseconds - 750,
  lookMilliseconds: lookupDeadlineMilliseconds - 1_500,
};

/** Says which commit a branch, tag or SHA stands for at the remote at this moment, and sees that it can be built. */
@Injectable()
export class RefResolver {
  constructor(
    private readonly mirrors: RepositoryMirrors,
    private readonly repositories: RepositoriesStore,
    private readonly refreshes: RefreshStore,
    private readonly commits: CommitsStore,
  ) {}

  /** Rejects with `GitError` (`ref_not_found`, `ambiguous_ref`, `remote_unreachable`, ...) or `Problem`. */
  async resolve({
    repositoryId,
    ref,
    allowStale,
  }: JobPayloads['resolve-ref']): Promise<JobResults['resolve-ref']> {
    const repository = await this.repositories.find(worker, repositoryId);
    if (repository === null) throw new Problem('not_found', `Repository ${repositoryId} is gone.`);
    const parsed = parseRefText(ref);
    if (!parsed.ok) throw new Problem('ref_not_found', parsed.reason);
    const mirror = await this.mirrors.open(repository);
    const found = await this.#find(mirror, parsed.ref, { repositoryId, allowStale });
    await this.refreshes.addCommits(worker, repositoryId, [await mirror.readCommit(found.sha)]);
    const commit = await this.commits.findBySha(worker, repositoryId, found.sha);
    if (commit === null) throw new Problem('not_found', `Repository ${repositoryId} is gone.`);
    const branchName =
      found.kind === 'commit' ? commit.branchName : found.kind === 'branch' ? found.name : null;
    return { commitId: commit.id, sha: commit.sha, branchName };
  }

  /** Ends in time for whoever waits; what takes longer (a first copy, much that is new) is left to a refresh. */
  async #find(
    mirror: GitMirror,
    ref: RefText,
    { repositoryId, allowStale }: { readonly repositoryId: number; readonly allowStale: boolean },
  ): Promise<ResolvedRef> {
    const signal = AbortSignal.timeout(deadlines.allMilliseconds);
    try {
      return await mirror.resolveRef(ref, { allowStale, deadlineMs: deadlines.lookMilliseconds, signal });
    } catch (error) {
      if (!signal.aborted || error instanceof GitError) throw error;
      await this.repositories.requestRefresh(worker, repositoryId);
      throw new Problem(
        'remote_unreachable',
        'The commit could not be fetched in time: the repository is being refreshed, or much of it is new. A refresh was asked for; try again when it has ended.',
      );
    }
  }
}
