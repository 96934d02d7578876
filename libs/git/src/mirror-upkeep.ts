import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { GitError, isGitError } from './git-error.js';
import type { GitProgram } from './git-program.js';
import { defaultFetchDeadlineMs, type GitRemote, type GitSettings } from './git-settings.js';
import {
  createMirror,
  fetchCommit,
  removeLeftovers,
  updateMirror,
  type FetchLimits,
} from './mirror-fetch.js';
import { lockFile } from './mirror-lock.js';
import type { GitRefs } from './mirror-refs.js';
import { lookAtRemote, type RemoteLook } from './remote-refs.js';
import { removeOldIndexes } from './tree-checkout.js';

/** What changes a mirror: always under its lock, always so that a death in the middle leaves something whole. */
export class MirrorUpkeep {
  constructor(
    readonly directory: string,
    private readonly remote: GitRemote,
    private readonly git: GitProgram,
    private readonly settings: GitSettings,
  ) {}

  get exists(): boolean {
    return existsSync(this.directory);
  }

  look(options: { readonly deadlineMs?: number; readonly signal?: AbortSignal }): Promise<RemoteLook> {
    return lookAtRemote(this.remote, this.git, this.settings, options);
  }

  /** Fetches everything anew. */
  async repair(signal: AbortSignal | undefined): Promise<void> {
    await this.locked(signal, async (limits) => this.rebuild(await this.look({ signal }), limits));
  }

  /** Does work that no other caller or process disturbs. */
  async locked<T>(signal: AbortSignal | undefined, work: (limits: FetchLimits) => Promise<T>): Promise<T> {
    const deadlineMs = this.settings.fetchDeadlineMs ?? defaultFetchDeadlineMs;
    const lock = await lockFile(`${this.directory}.lock`, deadlineMs, signal);
    try {
      await this.removeWreckage();
      return await work({ deadlineMs, signal });
    } catch (error) {
      throw isDiskFull(error) ? diskFull(error) : error;
    } finally {
      lock.release();
    }
  }

  private async isWhole(limits: FetchLimits): Promise<boolean> {
    const args = ['fsck', '--connectivity-only', '--no-dangling', '--no-progress'];
    const result = await this.git.tryRun({ directory: this.directory, args, ...limits, isLong: true });
    return result.exitCode === 0;
  }

  /** What a predecessor left that died while it held the lock. */
  private async removeWreckage(): Promise<void> {
    const prefixes = ['.new-', '.old-'].map((ending) => basename(this.directory) + ending);
    for (const name of await readdir(dirname(this.directory))) {
      const isWreck = prefixes.some((prefix) => name.startsWith(prefix));
      if (isWreck) await rm(join(dirname(this.directory), name), { recursive: true, force: true });
    }
    if (!this.exists) return;
    await removeLeftovers(this.directory);
    await removeOldIndexes(this.directory);
  }
  /** Brings branches and tags to what the look saw; under the lock. */
  async update(look: RemoteLook, limits: FetchLimits): Promise<GitRefs> {
    if (!this.exists) return this.rebuild(look, limits);
    try {
      return await updateMirror(this.git, this.directory, look, limits);
    } catch (error) {
      if (!isGitError(error, 'mirror_damaged', 'internal')) throw error;
      // What git says of damage is not all known: it may judge itself before everything is fetched anew.
      if (error.code === 'internal' && (await this.isWhole(limits))) throw error;
      return this.rebuild(look, limits);
    }
  }

  /** Brings one commit, by a whole fetch into a new mirror or by its SHA; under the lock. */
  async bring(sha: string, limits: FetchLimits): Promise<void> {
    if (await this.hasCommit(sha)) return;
    const look = await this.look({ signal: limits.signal });
    if (!this.exists) await this.update(look, limits);
    if (!(await this.hasCommit(sha))) await this.fetchOne(sha, look, limits);
  }

  private async fetchOne(sha: string, look: RemoteLook, limits: FetchLimits): Promise<void> {
    const way = { transport: look.transport, ...limits };
    try {
      await fetchCommit(this.git, this.directory, sha, way);
    } catch (error) {
      if (!isGitError(error, 'mirror_damaged')) throw error;
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
      if (this.exists) await rename(this.directory, old);
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

  async hasCommit(sha: string): Promise<boolean> {
    if (!this.exists) return false;
    const args = ['cat-file', '--batch-check=%(objecttype)'];
    const result = await this.git.tryRun({ directory: this.directory, args, stdin: `${sha}\n` });
    return result.stdout.toString('utf8').trim() === 'commit';
  }
}

/** From our own writes; git's are read from its words. */
function isDiskFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
}

function diskFull(cause: unknown): GitError {
  const sentence = 'The disk of the worker is full. Free some space in DATA_DIR and try again.';
  return new GitError('no_space', sentence, null, { cause });
}
