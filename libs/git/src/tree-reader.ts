import { GitError, isGitError } from './git-error.js';
import type { GitProgram } from './git-program.js';

export type GitEntryKind = 'file' | 'executable' | 'symlink' | 'directory' | 'submodule';
export type GitEntry = {
  readonly name: string;
  readonly kind: GitEntryKind;
  readonly sha: string;
  /** In bytes; null for directories and submodules. */
  readonly size: number | null;
};

export type GitFile = {
  readonly kind: Extract<GitEntryKind, 'file' | 'executable' | 'symlink'>;
  readonly size: number;
  /** The beginning, as many bytes as were asked for; a symlink's target. */
  readonly bytes: Buffer;
  readonly isTruncated: boolean;
};

/** A place in a commit's tree; `path` is relative, with slashes, '' for the root. */
export type TreePlace = { readonly sha: string; readonly path: string };

const kinds: Readonly<Record<string, GitEntryKind>> = {
  '100644': 'file',
  '100664': 'file',
  '100755': 'executable',
  '120000': 'symlink',
  '040000': 'directory',
  '160000': 'submodule',
};

/** The entries of a directory, as git sorts them. Rejects with `path_not_found` where there is no directory. */
export async function readTree(
  git: GitProgram,
  directory: string,
  place: TreePlace,
): Promise<readonly GitEntry[]> {
  const path = judgePath(place.path.replace(/\/+$/, ''));
  const args = ['ls-tree', '-z', '-l', '--full-tree', `${place.sha}:${path}`];
  const output = await git.run({ directory, args }).catch((error: unknown) => {
    // The commit was there a moment ago, so it is the path that is not.
    throw isGitError(error) && isPathMissing(error) ? noSuchPath() : error;
  });
  return parseEntries(output);
}

/** One file. Symlinks are not followed. Rejects with `path_not_found` where there is no file. */
export async function readFile(
  git: GitProgram,
  directory: string,
  place: TreePlace & { readonly maxBytes: number },
): Promise<GitFile> {
  const path = judgePath(place.path);
  const args = ['ls-tree', '-z', '-l', '--full-tree', place.sha, '--', path];
  const [entry] = path === '' ? [] : parseEntries(await git.run({ directory, args }));
  if (entry === undefined || entry.size === null) throw noSuchPath();
  const kind = entry.kind;
  if (kind === 'directory' || kind === 'submodule') throw noSuchPath();
  const bytes = await git.run({
    directory,
    args: ['cat-file', 'blob', entry.sha],
    maxOutputBytes: place.maxBytes,
  });
  return { kind, size: entry.size, bytes, isTruncated: entry.size > bytes.length };
}

function parseEntries(output: Buffer): GitEntry[] {
  return output
    .toString('utf8')
    .split('\0')
    .flatMap((record) => {
      const [, mode = '', sha = '', size = '', path = ''] =
        /^(\d+) \w+ ([0-9a-f]+) +(\d+|-)\t(.*)$/s.exec(record) ?? [];
      if (path === '') return [];
      const name = path.slice(path.lastIndexOf('/') + 1);
      return [{ name, kind: kinds[mode] ?? 'file', sha, size: size === '-' ? null : Number(size) }];
    });
}

function judgePath(path: string): string {
  if (path === '') return path;
  const isBad =
    path.includes('\0') || path.split('/').some((part) => part === '' || part === '.' || part === '..');
  if (isBad) throw noSuchPath();
  return path;
}

function isPathMissing(error: GitError): boolean {
  return /not a valid object name|not a tree object|does not exist in|exists on disk/i.test(
    error.detail ?? '',
  );
}

function noSuchPath(): GitError {
  return new GitError('path_not_found', 'The commit has nothing of that kind at this path.');
}
