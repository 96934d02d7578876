import { Injectable, Logger } from '@nestjs/common';
import {
  RefreshFencedError,
  RefreshStore,
  RepositoriesStore,
  longestMembership,
  type JobFence,
  type KnownRef,
  type Membership,
} from '@nohands/database';
import { Problem, system, type JobResults } from '@nohands/domain';
import { GitError, type GitCommit, type GitMirror, type GitRefs } from '@nohands/git';
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
  ) {}

  /** Costs what changed at the remote. Rejects after the failure was written where people see it. */
  async refresh(repositoryId: number, fence: JobFence): Promise<JobResults['refresh-repository']> {
    const repository = await this.repositories.find(worker, repositoryId);
    if (repository === null) throw new Problem('not_found', `Repository ${repositoryId} is gone.`);
    try {
      const mirror = await this.mirrors.open(repository);
      const refs = await mirror.fetch();
      const known = await this.refreshes.loadKnownRefs(worker, repositoryId);
      const { newCommits, changedRefs } = await this.refreshes.apply(
        worker,
        repositoryId,
        await describe(mirror, refs, known),
        fence,
      );
      return { newCommits, changedRefs };
    } catch (error) {
      if (!(error instanceof RefreshFencedError)) await this.#recordFailure(repositoryId, error, fence);
      throw error;
    }
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

async function describe(mirror: GitMirror, refs: GitRefs, known: readonly KnownRef[]) {
  const before = new Map(known.map(({ kind, name, sha }) => [`${kind} ${name}`, sha]));
  const moved = refs.branches.filter(({ name, sha }) => before.get(`branch ${name}`) !== sha);
  const movedTags = refs.tags.filter(({ name, sha }) => before.get(`tag ${name}`) !== sha);
  const memberships: Membership[] = [];
  for (const { name, sha } of moved)
    memberships.push(
      await describeBranch(mirror, { name, sha, before: before.get(`branch ${name}`) ?? null }),
    );
  const from = [...moved, ...movedTags].map(({ sha }) => sha);
  const commits: AsyncIterable<GitCommit> | GitCommit[] =
    from.length === 0 ? [] : mirror.walkCommits({ from, known: known.map(({ sha }) => sha) });
  return {
    defaultBranch: refs.defaultBranch,
    branches: refs.branches,
    tags: refs.tags,
    commits,
    memberships,
  };
}

/** The commits that a branch gained, or all its recent ones when it is new or was rewritten. */
async function describeBranch(
  mirror: GitMirror,
  branch: { readonly name: string; readonly sha: string; readonly before: string | null },
): Promise<Membership> {
  if (branch.before !== null) {
    const gained = await Array.fromAsync(
      mirror.walkCommits({ from: [branch.sha], known: [branch.before], limit: longestMembership }),
    );
    // Only when the old head is an ancestor of the new one does a gained commit have it as a parent.
    const isFastForward =
      gained.length < longestMembership &&
      gained.some(({ parents }) => parents.includes(branch.before ?? ''));
    if (isFastForward)
      return { branch: branch.name, mode: 'append', shas: gained.map(({ sha }) => sha).reverse() };
  }
  const recent = await Array.fromAsync(mirror.walkCommits({ from: [branch.sha], limit: longestMembership }));
  return { branch: branch.name, mode: 'replace', shas: recent.map(({ sha }) => sha).reverse() };
}
