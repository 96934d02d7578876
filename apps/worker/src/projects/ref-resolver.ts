import { Injectable } from '@nestjs/common';
import { CommitsStore, RefreshStore, RepositoriesStore } from '@nohands/database';
import {
  lookupDeadlineMilliseconds,
  parseRefText,
  Problem,
  system,
  type JobPayloads,
  type JobResults,
} from '@nohands/domain';
import { RepositoryMirrors } from './repository-mirrors.js';

const worker = system('worker');

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
    const found = await mirror.resolveRef(parsed.ref, { allowStale, deadlineMs: lookupDeadlineMilliseconds });
    await this.refreshes.addCommits(worker, repositoryId, [await mirror.readCommit(found.sha)]);
    const commit = await this.commits.findBySha(worker, repositoryId, found.sha);
    if (commit === null) throw new Problem('not_found', `Repository ${repositoryId} is gone.`);
    const branchName =
      found.kind === 'commit' ? commit.branchName : found.kind === 'branch' ? found.name : null;
    return { commitId: commit.id, sha: commit.sha, branchName };
  }
}
