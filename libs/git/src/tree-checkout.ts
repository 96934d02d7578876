import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GitError } from './git-error.js';
import type { GitProgram } from './git-program.js';

export type CheckoutRequest = {
  readonly sha: string;
  /** Absolute; must not exist yet, its parent must. */
  readonly directory: string;
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal;
};

/**
 * Of the highest precedence, so that no `.gitattributes` of a commit changes a byte of what was committed: no line
 * ends, no keywords, no filters, no encodings. (A plain `git archive` would also leave out what is `export-ignore`.)
 */
const neutralAttributes = '* -text !eol !crlf !ident !filter !working-tree-encoding\n';

/**
 * Writes the tree of a commit, byte for byte, with its symlinks and executable bits, without `.git`; submodules are
 * empty folders. On any failure the folder is gone again. Rejects with `GitError` or the reason of the abort.
 */
export async function writeTree(git: GitProgram, mirror: string, request: CheckoutRequest): Promise<void> {
  await mkdir(request.directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOSPC')
      throw new GitError('no_space', 'The disk of the worker is full. Free some space in DATA_DIR.');
    throw error;
  });
  const index = join(mirror, `checkout-${randomUUID()}`);
  try {
    await writeNeutralAttributes(mirror);
    const common = {
      directory: mirror,
      environment: { GIT_INDEX_FILE: index, GIT_WORK_TREE: request.directory },
      isLong: true,
      ...(request.deadlineMs === undefined ? {} : { deadlineMs: request.deadlineMs }),
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    };
    // One process: into an index of its own, and from there into the folder.
    await git.run({ ...common, args: ['read-tree', '--reset', '-u', request.sha] });
  } catch (error) {
    await rm(request.directory, { recursive: true, force: true });
    throw error;
  } finally {
    await rm(index, { force: true });
    await rm(`${index}.lock`, { force: true });
  }
}

async function writeNeutralAttributes(mirror: string): Promise<void> {
  const draft = join(mirror, `checkout-${randomUUID()}`);
  await mkdir(join(mirror, 'info'), { recursive: true });
  await writeFile(draft, neutralAttributes);
  await rename(draft, join(mirror, 'info', 'attributes'));
}

const hourMs = 3_600_000;

/** Removes what check-outs of dead processes left in a mirror. */
export async function removeOldIndexes(mirror: string): Promise<void> {
  for (const name of await readdir(mirror)) {
    if (!name.startsWith('checkout-')) continue;
    const found = await stat(join(mirror, name)).catch(() => null); // gone by itself: a check-out has just ended
    if (found !== null && Date.now() - found.mtimeMs > hourMs) await rm(join(mirror, name), { force: true });
  }
}
