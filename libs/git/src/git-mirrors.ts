import { mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { GitError } from './git-error.js';
import { GitMirror } from './git-mirror.js';
import { GitProgram } from './git-program.js';
import type { GitRemote, GitSettings } from './git-settings.js';
import { MirrorUpkeep } from './mirror-upkeep.js';

/** The git program of this machine, as far as we care. */
export type GitProbe =
  | { readonly ready: true; readonly version: string; readonly warnings: readonly string[] }
  | { readonly ready: false; readonly reason: string };

/** All mirrors of this worker, one folder per repository. */
export class GitMirrors {
  private readonly git: GitProgram;

  constructor(private readonly settings: GitSettings) {
    this.git = new GitProgram(settings);
  }

  /** The mirror of a repository; it comes into being with its first fetch. */
  async open(repositoryId: number, remote: GitRemote): Promise<GitMirror> {
    if (!Number.isSafeInteger(repositoryId) || repositoryId < 1)
      throw new GitError('internal', 'A repository id is a positive number.');
    await this.prepare();
    const directory = join(this.settings.mirrorsDirectory, String(repositoryId));
    return new GitMirror(new MirrorUpkeep(directory, remote, this.git, this.settings), this.git);
  }

  /**
   * Ids of the repositories that have a mirror here. Only what looks like one and has its lock file beside it counts:
   * the folder may be anybody's.
   */
  async list(): Promise<number[]> {
    const entries = await readdir(this.settings.mirrorsDirectory).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
    const names = new Set(entries);
    const ids = entries.filter((name) => /^[1-9]\d{0,9}$/.test(name) && names.has(`${name}.lock`));
    const isMirror = await Promise.all(
      ids.map((name) => looksBare(join(this.settings.mirrorsDirectory, name))),
    );
    return ids.filter((_, index) => isMirror[index]).map(Number);
  }

  /**
   * Deletes a mirror, under its lock. The lock file stays: somebody may wait for it. Rejects with `mirror_busy` or
   * with the reason of the abort.
   */
  async remove(repositoryId: number, signal?: AbortSignal): Promise<void> {
    await (await this.open(repositoryId, { url: '', credentials: null })).remove(signal);
  }

  /** Whether git is there and new enough; never rejects. */
  async probe(): Promise<GitProbe> {
    try {
      await this.prepare();
      const output = (
        await this.git.run({ directory: null, args: ['--version'], deadlineMs: 5_000 })
      ).toString('utf8');
      return judgeVersion(/\d+\.\d+(?:\.\d+)?/.exec(output)?.[0] ?? '0.0');
    } catch {
      // ProgramNotFound, or a program called git that is something else.
      return { ready: false, reason: 'The git program is not installed. Install git 2.31 or newer.' };
    }
  }

  private async prepare(): Promise<void> {
    await mkdir(this.settings.mirrorsDirectory, { recursive: true, mode: 0o700 });
  }
}

async function looksBare(directory: string): Promise<boolean> {
  const kinds = await Promise.all(
    ['HEAD', 'objects', 'refs'].map((name) =>
      stat(join(directory, name)).then(
        (found) => found.isDirectory(),
        () => null, // ENOENT, ENOTDIR: something else
      ),
    ),
  );
  return kinds[0] === false && kinds[1] === true && kinds[2] === true;
}

function judgeVersion(version: string): GitProbe {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isFrom = (least: number) => major > 2 || (major === 2 && minor >= least);
  if (!isFrom(31)) return { ready: false, reason: `git ${version} is too old. Install git 2.31 or newer.` };
  const warnings = isFrom(37)
    ? []
    : [
        `git ${version} looks up host names a second time by itself; from 2.37 on it connects only to the address that was judged.`,
      ];
  return { ready: true, version, warnings };
}
