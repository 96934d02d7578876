import { open, realpath, stat } from 'node:fs/promises';
import { isAbsolute, join, relative, sep } from 'node:path';
import { BuildError } from '@nohands/domain';

/** A Dockerfile of the context: its place within the context, and its bytes. */
export type DockerfileSource = {
  /** Relative to the context, with links resolved. */
  readonly path: string;
  readonly content: Buffer;
  /** Absolute path of `<Dockerfile>.dockerignore` or `.dockerignore`, or null. */
  readonly ignoreFile: string | null;
};

const sizeLimit = 1024 * 1024;

/**
 * Reads the Dockerfile that `path` names within the context. Rejects with `BuildError`: `unsafe_path` (absolute, `..`,
 * or a link that leads out of the context), `dockerfile_not_found`, `dockerfile_invalid` (larger than 1 MiB).
 */
export async function readDockerfile(contextDirectory: string, path: string): Promise<DockerfileSource> {
  const root = await realpath(contextDirectory);
  const place = await findInside(root, path);
  if (place === null) throw notFound(path);
  const content = await readLimited(place, path);
  const ignoreFile =
    (await findInside(root, `${path}.dockerignore`)) ?? (await findInside(root, '.dockerignore'));
  return { path: relative(root, place), content, ignoreFile };
}

/** The real path of a plain file of the context; null where there is none. The real path is judged: every link counts. */
async function findInside(root: string, path: string): Promise<string | null> {
  if (path === '' || isAbsolute(path) || hasControlCharacter(path) || path.split(/[/\\]/).includes('..')) {
    throw unsafe(path);
  }
  const place = await realpath(join(root, path)).catch((error: NodeJS.ErrnoException) => {
    if (isNothingThere.has(error.code)) return null;
    throw error;
  });
  if (place === null) return null;
  if (!place.startsWith(root.endsWith(sep) ? root : root + sep)) throw unsafe(path);
  return (await stat(place)).isFile() ? place : null;
}

async function readLimited(place: string, path: string): Promise<Buffer> {
  const file = await open(place);
  try {
    if ((await file.stat()).size > sizeLimit) {
      throw new BuildError(
        'dockerfile_invalid',
        `The Dockerfile "${path}" is larger than 1 MiB. Make it smaller.`,
      );
    }
    return await file.readFile();
  } finally {
    await file.close();
  }
}

/** Expected of a path that somebody typed: missing, a file used as a folder, links in a circle, too long. */
const isNothingThere: ReadonlySet<string | undefined> = new Set([
  'ENOENT',
  'ENOTDIR',
  'ELOOP',
  'ENAMETOOLONG',
]);

function hasControlCharacter(path: string): boolean {
  return [...path].some((character) => character < ' ' || character === '\x7f');
}

function notFound(path: string): BuildError {
  return new BuildError(
    'dockerfile_not_found',
    `There is no file "${printable(path)}" in this commit. Add a Dockerfile there, or set the repository's Dockerfile path.`,
  );
}

function unsafe(path: string): BuildError {
  return new BuildError(
    'unsafe_path',
    `The Dockerfile path "${printable(path)}" leads out of the repository, so nothing was built. Use a path inside it.`,
  );
}

function printable(path: string): string {
  return [...path.slice(0, 200)]
    .map((character) => (hasControlCharacter(character) ? '?' : character))
    .join('');
}
