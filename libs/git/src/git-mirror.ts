import { isFullSha, type RefText } from '@nohands/domain';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { walkCommits, type CommitRange, type GitCommit } from './commit-log.js';
import { GitError, isGitError } from './git-error.js';
import type { GitProgram } from './git-program.js';
import { readHead } from './mirror-fetch.js';
import { groupRefs, listMirrorRefs, type GitRefs } from './mirror-refs.js';
import type { MirrorUpkeep } from './mirror-upkeep.js';
import { findPrefix, findRef, type ResolvedRef } from './ref-resolver.js';
import { writeTree, type CheckoutRequest } from './tree-checkout.js';
import { readFile, readTree, type GitEntry, type GitFile, type TreePlace } from './tree-reader.js';

export type ResolveOptions = {
  /** For the look at the remote, in milliseconds. */
  readonly deadlineMs?: number;
  /** Answer from the mirror when the remote is unreachable. */
  readonly allowStale?: boolean;
  readonly signal?: AbortSignal;
};

/**
 * The local copy of one repository: a cache that may be deleted at any time. Methods that need commits which the copy
 * lacks ask the remote. All reject with `GitError`; a damaged copy is noticed and fetched anew once.
 */
export class GitMirror {
  constructor(
    private readonly upkeep: MirrorUpkeep,
    private readonly git: GitProgram,
  ) {}

  /** Brings branches and tags to the state of the remote. Costs one look at the remote when nothing changed. */
  async fetch(signal?: AbortSignal): Promise<GitRefs> {
    return this.upkeep.locked(signal, async (limits) =>
      this.upkeep.update(await this.upkeep.look({ signal }), limits),
    );
  }

  /** Branches and tags as of the last fetch; nothing is asked of the remote. */
  async refs(): Promise<GitRefs> {
    if (!this.upkeep.exists) return { defaultBranch: null, branches: [], tags: [] };
    return this.reading(async () =>
      groupRefs(await listMirrorRefs(this.git, this.upkeep.directory), await readHead(this.upkeep.directory)),
    );
  }

  /**
   * Streams commits with bounded memory; fetch first, so that `from` is there. Rejects with `mirror_damaged` when the
   * damage shows in the middle; the mirror is then whole again, and the walk may be repeated.
   */
  async *walkCommits(range: CommitRange, signal?: AbortSignal): AsyncGenerator<GitCommit> {
    let count = 0;
    try {
      for await (const commit of walkCommits(this.git, this.upkeep.directory, range, signal)) {
        count++;
        yield commit;
      }
      return;
    } catch (error) {
      if (!isGitError(error, 'mirror_damaged')) throw error;
      await this.upkeep.repair(signal);
      if (count > 0) throw error;
    }
    yield* walkCommits(this.git, this.upkeep.directory, range, signal);
  }

  /** One page of the history of a commit, newest first. Rejects with `commit_not_found`. */
  async readLog(range: {
    readonly sha: string;
    readonly skip: number;
    readonly limit: number;
  }): Promise<GitCommit[]> {
    await this.ensureCommit(range.sha);
    const page = { from: [range.sha], skip: range.skip, limit: range.limit };
    return this.reading(async () => {
      const commits: GitCommit[] = [];
      for await (const commit of this.walkCommits(page)) commits.push(commit);
      return commits;
    });
  }

  /** Rejects with `commit_not_found`. */
  async readCommit(sha: string): Promise<GitCommit> {
    const [commit] = await this.readLog({ sha, skip: 0, limit: 1 });
    if (commit === undefined) throw noSuchCommit(sha);
    return commit;
  }

  /** The entries of one directory. Rejects with `commit_not_found` or `path_not_found`. */
  async readTree(place: TreePlace): Promise<readonly GitEntry[]> {
    await this.ensureCommit(place.sha);
    return this.reading(() => readTree(this.git, this.upkeep.directory, place));
  }

  /** One file, symlinks not followed. Rejects with `commit_not_found` or `path_not_found`. */
  async readFile(place: TreePlace & { readonly maxBytes: number }): Promise<GitFile> {
    await this.ensureCommit(place.sha);
    return this.reading(() => readFile(this.git, this.upkeep.directory, place));
  }

  /** Writes the tree of a commit into a new folder, exactly as committed; fetches the commit if need be. */
  async checkOut(request: CheckoutRequest): Promise<void> {
    if (!isFullSha(request.sha)) throw noSuchCommit(request.sha);
    if (existsSync(this.upkeep.directory)) {
      try {
        return await writeTree(this.git, this.upkeep.directory, request);
      } catch (error) {
        request.signal?.throwIfAborted();
        // Mostly the commit is there; a missing one is fetched below, and a damaged copy mended.
        if (!isGitError(error, 'mirror_damaged', 'internal')) throw error;
      }
    }
    await this.ensureCommit(request.sha, request.signal);
    await this.reading(() => writeTree(this.git, this.upkeep.directory, request), request);
  }

  /** Resolves when the commit is in the mirror. Rejects with `commit_not_found` when the remote does not give it. */
  async ensureCommit(sha: string, signal?: AbortSignal): Promise<void> {
    if (!isFullSha(sha)) throw noSuchCommit(sha);
    if (await this.upkeep.hasCommit(sha)) return;
    await this.upkeep.locked(signal, (limits) => this.upkeep.bring(sha, limits));
    if (!(await this.upkeep.hasCommit(sha))) throw noSuchCommit(sha);
  }

  /**
   * The commit that a text stands for at the remote at this moment, and it is in the mirror afterwards. Rejects with
   * `ref_not_found`, `ambiguous_ref`, `commit_not_found` or what is wrong with the remote.
   */
  async resolveRef(ref: RefText, options: ResolveOptions = {}): Promise<ResolvedRef> {
    if (ref.kind === 'sha') {
      await this.ensureCommit(ref.sha, options.signal);
      return { kind: 'commit', name: null, sha: ref.sha, isStale: false };
    }
    const found = await this.findAtRemote(ref, options);
    if (found !== null) {
      await this.ensureCommit(found.sha, options.signal);
      return found;
    }
    if (ref.kind === 'full' || ref.prefix === null) throw noSuchRef();
    if (!this.upkeep.exists) await this.fetch(options.signal);
    const sha = await findPrefix(this.git, this.upkeep.directory, ref.prefix);
    if (sha === null) throw noSuchRef();
    return { kind: 'commit', name: null, sha, isStale: false };
  }

  /** Repacks when there is enough to gain; meant for quiet moments. Readers are not disturbed. */
  async tidy(signal?: AbortSignal): Promise<void> {
    if (!this.upkeep.exists) return;
    const args = ['gc', '--auto', '--quiet'];
    const config = [['gc.auto', '4000']] as const;
    await this.upkeep.locked(signal, (limits) =>
      this.git.run({ directory: this.upkeep.directory, args, config, ...limits, isLong: true }),
    );
  }

  /** Deletes the local copy. */
  async remove(signal?: AbortSignal): Promise<void> {
    await this.upkeep.locked(signal, () => rm(this.upkeep.directory, { recursive: true, force: true }));
  }

  private async findAtRemote(
    ref: Exclude<RefText, { kind: 'sha' }>,
    options: ResolveOptions,
  ): Promise<ResolvedRef | null> {
    try {
      const look = await this.upkeep.look(options);
      return findRef(ref, { refs: look.refs, headRef: look.headRef, isStale: false });
    } catch (error) {
      if (options.allowStale !== true || !isGitError(error, 'remote_unreachable')) throw error;
      const refs = this.upkeep.exists ? await listMirrorRefs(this.git, this.upkeep.directory) : [];
      const asRemote = refs.map(({ fullName, sha, commitSha }) => ({
        name: fullName,
        sha,
        peeledSha: commitSha,
      }));
      return findRef(ref, { refs: asRemote, headRef: await readHead(this.upkeep.directory), isStale: true });
    }
  }

  private async reading<T>(
    read: () => Promise<T>,
    wanted: { readonly sha?: string; readonly signal?: AbortSignal } = {},
  ): Promise<T> {
    try {
      return await read();
    } catch (error) {
      if (!isGitError(error, 'mirror_damaged')) throw error;
    }
    await this.upkeep.repair(wanted.signal);
    if (wanted.sha !== undefined) await this.ensureCommit(wanted.sha, wanted.signal);
    return read();
  }
}

function noSuchCommit(sha: string): GitError {
  const short = isFullSha(sha) ? ` ${sha.slice(0, 12)}` : '';
  return new GitError(
    'commit_not_found',
    `The repository has no commit${short}, or its server does not hand it out.`,
  );
}

function noSuchRef(): GitError {
  return new GitError('ref_not_found', 'The repository has no branch, tag or commit of that name.');
}
