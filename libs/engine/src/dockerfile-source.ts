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
  const place = await resolveInside(root, path);
  if (place === null) throw notFound(path);
  const content = await readLimited(place, path);
  return { path: relative(root, place), content, ignoreFile: await findIgnoreFile(root, path) };
}

/** The real path of a file of the context; null where there is no such file. */
async function resolveInside(root: string, path: string): Promise<string | null> {
  if (path === '' || path.includes('\0')) return null;
  if (isAbsolute(path) || path.split(/[/\\]/).includes('..')) throw unsafe(path);
  const place = await realpath(join(root, path)).catch(() => null);
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

async function findIgnoreFile(root: string, dockerfile: string): Promise<string | null> {
  return (
    (await resolveInside(root, `${dockerfile}.dockerignore`)) ?? (await resolveInside(root, '.dockerignore'))
  );
}

function notFound(path: string): BuildError {
  return new BuildError(
    'dockerfile_not_found',
    `There is no file "${path}" in this commit. Add a Dockerfile there, or set the repository's Dockerfile path.`,
  );
}

function unsafe(path: string): BuildError {
  return new BuildError(
    'unsafe_path',
    `"${path}" leads out of the repository. Name a Dockerfile inside it, without "..", and without a link to outside.`,
  );
}
