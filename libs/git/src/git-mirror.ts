import { isFullSha, type RefText } from '@nohands/domain';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { walkCommits, type CommitRange, type GitCommit } from './commit-log.js';
import { GitError, isGitError } from './git-error.js';
import type { GitProgram } from './git-program.js';
import { defaultFetchDeadlineMs, type GitRemote, type GitSettings } from './git-settings.js';
import {
  createMirror,
  fetchCommit,
  readHead,
  removeLeftovers,
  updateMirror,
  type FetchLimits,
} from './mirror-fetch.js';
import { lockFile } from './mirror-lock.js';
import { groupRefs, listMirrorRefs, type GitRefs } from './mirror-refs.js';
import { findRef, findPrefix, type ResolvedRef } from './ref-resolver.js';
import { lookAtRemote, type RemoteLook } from './remote-refs.js';
import { removeOldIndexes, writeTree, type CheckoutRequest } from './tree-checkout.js';
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
    private readonly directory: string,
    private readonly remote: GitRemote,
    private readonly git: GitProgram,
    private readonly settings: GitSettings,
  ) {}

  /** Brings branches and tags to the state of the remote. Costs one look at the remote when nothing changed. */
  async fetch(signal?: AbortSignal): Promise<GitRefs> {
    return this.locked(signal, async (limits) =>
      this.update(await this.look({ ...optional({ signal }) }), limits),
    );
  }

  /** Branches and tags as of the last fetch; nothing is asked of the remote. */
  async refs(): Promise<GitRefs> {
    if (!existsSync(this.directory)) return { defaultBranch: null, branches: [], tags: [] };
    return this.reading(async () =>
      groupRefs(await listMirrorRefs(this.git, this.directory), await readHead(this.directory)),
    );
  }

  /**
   * Streams commits with bounded memory; fetch first, so that `from` is there. Rejects with `mirror_damaged` when the
   * damage shows in the middle; the mirror is then whole again, and the walk may be repeated.
   */
  async *walkCommits(range: CommitRange, signal?: AbortSignal): AsyncGenerator<GitCommit> {
    let count = 0;
    try {
      for await (const commit of walkCommits(this.git, this.directory, range, signal)) {
        count++;
        yield commit;
      }
      return;
    } catch (error) {
      if (!isGitError(error, 'mirror_damaged')) throw error;
      await this.repair(signal);
      if (count > 0) throw error;
    }
    yield* walkCommits(this.git, this.directory, range, signal);
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
    return this.reading(() => readTree(this.git, this.directory, place));
  }

  /** One file, symlinks not followed. Rejects with `commit_not_found` or `path_not_found`. */
  async readFile(place: TreePlace & { readonly maxBytes: number }): Promise<GitFile> {
    await this.ensureCommit(place.sha);
    return this.reading(() => readFile(this.git, this.directory, place));
  }

  /** Writes the tree of a commit into a new folder, exactly as committed; fetches the commit if need be. */
  async checkOut(request: CheckoutRequest): Promise<void> {
    await this.ensureCommit(request.sha, request.signal);
    await this.reading(() => writeTree(this.git, this.directory, request), request);
  }

  /** Resolves when the commit is in the mirror. Rejects with `commit_not_found` when the remote does not give it. */
  async ensureCommit(sha: string, signal?: AbortSignal): Promise<void> {
    if (!isFullSha(sha)) throw noSuchCommit(sha);
    if (await this.hasCommit(sha)) return;
    await this.locked(signal, async (limits) => {
      if (await this.hasCommit(sha)) return;
      const look = await this.look({ ...optional({ signal }) });
      if (!existsSync(this.directory)) await this.update(look, limits);
      if (!(await this.hasCommit(sha))) await this.fetchOne(sha, look, limits);
      if (!(await this.hasCommit(sha))) throw noSuchCommit(sha);
    });
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
    if (!existsSync(this.directory)) await this.fetch(options.signal);
    const sha = await findPrefix(this.git, this.directory, ref.prefix);
    if (sha === null) throw noSuchRef();
    return { kind: 'commit', name: null, sha, isStale: false };
  }

  /** Repacks when there is enough to gain; meant for quiet moments. Readers are not disturbed. */
  async tidy(signal?: AbortSignal): Promise<void> {
    if (!existsSync(this.directory)) return;
    const args = ['gc', '--auto', '--quiet'];
    const config = [['gc.auto', '4000']] as const;
    await this.locked(signal, (limits) =>
      this.git.run({ directory: this.directory, args, config, ...limits, isLong: true }),
    );
  }

  /** Deletes the local copy. */
  async remove(signal?: AbortSignal): Promise<void> {
    await this.locked(signal, () => rm(this.directory, { recursive: true, force: true }));
  }

  private look(options: {
    readonly deadlineMs?: number;
    readonly signal?: AbortSignal;
  }): Promise<RemoteLook> {
    return lookAtRemote(this.remote, this.git, this.settings, options);
  }

  private async findAtRemote(
    ref: Exclude<RefText, { kind: 'sha' }>,
    options: ResolveOptions,
  ): Promise<ResolvedRef | null> {
    try {
      const look = await this.look({
        ...optional({ signal: options.signal }),
        ...optional({ deadlineMs: options.deadlineMs }),
      });
      return findRef(ref, { refs: look.refs, headRef: look.headRef, isStale: false });
    } catch (error) {
      if (options.allowStale !== true || !isGitError(error, 'remote_unreachable')) throw error;
      const refs = existsSync(this.directory) ? await listMirrorRefs(this.git, this.directory) : [];
      const asRemote = refs.map(({ fullName, sha, commitSha }) => ({
        name: fullName,
        sha,
        peeledSha: commitSha,
      }));
      return findRef(ref, { refs: asRemote, headRef: await readHead(this.directory), isStale: true });
    }
  }

  private async update(look: RemoteLook, limits: FetchLimits): Promise<GitRefs> {
    if (!existsSync(this.directory)) return this.rebuild(look, limits);
    try {
      return await updateMirror(this.git, this.directory, look, limits);
    } catch (error) {
      if (!isGitError(error, 'mirror_damaged', 'internal')) throw error;
      return this.rebuild(look, limits);
    }
  }

  private async fetchOne(sha: string, look: RemoteLook, limits: FetchLimits): Promise<void> {
    const way = { transport: look.transport, ...limits };
    try {
      await fetchCommit(this.git, this.directory, sha, way);
    } catch (error) {
      if (!isGitError(error, 'mirror_damaged', 'internal')) throw error;
      await this.rebuild(look, limits);
      if (!(await this.hasCommit(sha))) await fetchCommit(this.git, this.directory, sha, way);
    }
  }

  /** Fetches everything into a new folder and puts it in place: a death in the middle leaves the old one, or none. */
  private async rebuild(look: RemoteLook, limits: FetchLimits): Promise<GitRefs> {
    const fresh = `${this.directory}.new-${randomUUID()}`;
    try {
      await createMirror(this.git, fresh);
      const refs = await updateMirror(this.git, fresh, look, limits);
      const old = `${this.directory}.old-${randomUUID()}`;
      if (existsSync(this.directory)) await rename(this.directory, old);
      await rename(fresh, this.directory);
      await rm(old, { recursive: true, force: true });
      return refs;
    } catch (error) {
      await rm(fresh, { recursive: true, force: true });
      if (!isGitError(error, 'mirror_damaged')) throw error;
      throw new GitError(
        'internal',
        'Git could not copy the repository; it may be damaged at its server.',
        error.detail,
      );
    }
  }

  private async hasCommit(sha: string): Promise<boolean> {
    if (!existsSync(this.directory)) return false;
    const args = ['cat-file', '--batch-check=%(objecttype)'];
    const result = await this.git.tryRun({ directory: this.directory, args, stdin: `${sha}\n` });
    return result.stdout.toString('utf8').trim() === 'commit';
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
    await this.repair(wanted.signal);
    if (wanted.sha !== undefined) await this.ensureCommit(wanted.sha, wanted.signal);
    return read();
  }

  private async repair(signal: AbortSignal | undefined): Promise<void> {
    await this.locked(signal, async (limits) =>
      this.rebuild(await this.look({ ...optional({ signal }) }), limits),
    );
  }

  private async locked<T>(
    signal: AbortSignal | undefined,
    work: (limits: FetchLimits) => Promise<T>,
  ): Promise<T> {
    const deadlineMs = this.settings.fetchDeadlineMs ?? defaultFetchDeadlineMs;
    const lock = await lockFile(`${this.directory}.lock`, deadlineMs, signal);
    try {
      await this.removeWreckage();
      return await work({ deadlineMs, ...optional({ signal }) });
    } catch (error) {
      throw isDiskFull(error) ? diskFull(error) : error;
    } finally {
      lock.release();
    }
  }

  /** What a predecessor left that died while it held the lock. */
  private async removeWreckage(): Promise<void> {
    const prefixes = ['.new-', '.old-'].map((ending) => basename(this.directory) + ending);
    for (const name of await readdir(dirname(this.directory))) {
      const isWreck = prefixes.some((prefix) => name.startsWith(prefix));
      if (isWreck) await rm(`${dirname(this.directory)}/${name}`, { recursive: true, force: true });
    }
    if (!existsSync(this.directory)) return;
    await removeLeftovers(this.directory);
    await removeOldIndexes(this.directory);
  }
}

/** Leaves out what is undefined: optional properties are absent or set, never undefined. */
function optional<T extends object>(properties: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(properties).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> };
}

/** From our own writes; git's are read from its words. */
function isDiskFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
}

function diskFull(cause: unknown): GitError {
  const sentence = 'The disk of the worker is full. Free some space in DATA_DIR and try again.';
  return new GitError('no_space', sentence, null, { cause });
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
