import { lstat, realpath } from 'node:fs/promises';
import { isAbsolute, join, relative, sep } from 'node:path';
import { BuildError } from '@nohands/domain';

/**
 * The absolute real path of the Dockerfile that the user named, inside the real context directory. Rejects with
 * `BuildError`: `unsafe_path` when the path is absolute or leads out of the context (by `..` or by a symlink),
 * `dockerfile_not_found` when no regular file is there. Nothing of the host appears in the messages.
 */
export async function findDockerfile(contextDirectory: string, dockerfilePath: string): Promise<string> {
  if (leavesByText(dockerfilePath)) throw unsafe(dockerfilePath);
  const context = await realpath(contextDirectory);
  const file = await resolveInside(join(context, dockerfilePath), dockerfilePath);
  // The real path is judged, not the written one: every symlink on the way counts.
  if (!isInside(context, file)) throw unsafe(dockerfilePath);
  if (!(await lstat(file)).isFile()) throw notFound(dockerfilePath);
  return file;
}

function leavesByText(path: string): boolean {
  const hasControlCharacter = [...path].some((character) => character < ' ' || character === '\x7f');
  return isAbsolute(path) || hasControlCharacter || path.split(/[/\\]/).includes('..');
}

async function resolveInside(path: string, written: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    // Expected: the file, or the target of a symlink, is missing; a loop of symlinks; a file used as a folder.
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP') throw notFound(written);
    throw error;
  }
}

function isInside(context: string, file: string): boolean {
  const way = relative(context, file);
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

function unsafe(path: string): BuildError {
  return new BuildError(
    'unsafe_path',
    `The Dockerfile path "${printable(path)}" leads out of the repository, so nothing was built. Use a path inside it.`,
  );
}

function notFound(path: string): BuildError {
  return new BuildError(
    'dockerfile_not_found',
    `There is no Dockerfile "${printable(path)}" in this commit. Add the file, or correct the path in the repository's settings.`,
  );
}

function printable(path: string): string {
  return [...path.slice(0, 200)].map((character) => (character < ' ' ? '?' : character)).join('');
}
