import { isRefName } from '@nohands/domain';
import { existsSync } from 'node:fs';
import { readFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type GitCall, type GitProgram } from './git-program.js';
import { groupRefs, listMirrorRefs, type GitRefs } from './mirror-refs.js';
import type { RemoteLook } from './remote-refs.js';
import type { Transport } from './remote-transport.js';

export type FetchLimits = { readonly deadlineMs: number; readonly signal?: AbortSignal };

/** A commit that no branch or tag reaches any more stays under this name: somebody may still want to build it. */
export const keptPrefix = 'refs/kept/';

/** Makes an empty bare repository; the folder must not exist. */
export async function createMirror(git: GitProgram, directory: string): Promise<void> {
  const args = ['init', '--bare', '--quiet', '--template=', '--initial-branch=main', '--', directory];
  await git.run({ directory: null, args });
}

/**
 * Removes what a fetch leaves that died in the middle: locks and half packs. Only under the mirror's own lock, when
 * nothing else writes there.
 */
export async function removeLeftovers(directory: string): Promise<void> {
  const packs = join(directory, 'objects', 'pack');
  const isLeft = (name: string) => name.startsWith('tmp_') || name.endsWith('.lock');
  for (const name of await list(packs)) if (isLeft(name)) await rm(join(packs, name), { force: true });
  for (const name of await list(join(directory, 'objects'))) {
    if (/^(tmp_objdir-|incoming-)/.test(name))
      await rm(join(directory, 'objects', name), { recursive: true, force: true });
  }
  for (const name of [
    'HEAD.lock',
    'packed-refs.lock',
    'packed-refs.new',
    'config.lock',
    'shallow.lock',
    'gc.pid',
    'gc.pid.lock',
  ]) {
    await rm(join(directory, name), { force: true });
  }
  for (const entry of await readdir(join(directory, 'refs'), { recursive: true, withFileTypes: true }).catch(
    () => [],
  )) {
    // No branch can be called so: git refuses names that end in .lock.
    if (entry.isFile() && entry.name.endsWith('.lock'))
      await rm(join(entry.parentPath, entry.name), { force: true });
  }
}

async function list(directory: string): Promise<string[]> {
  return readdir(directory).catch(() => []); // ENOENT: a damaged mirror; git will say so
}

/** Brings the mirror to what the look saw or to something newer; starts no transfer when nothing changed. */
export async function updateMirror(
  git: GitProgram,
  directory: string,
  look: RemoteLook,
  limits: FetchLimits,
): Promise<GitRefs> {
  const before = await listMirrorRefs(git, directory);
  const seen = new Map(look.refs.map(({ name, sha }) => [name, sha]));
  const lost = before.filter(({ fullName, sha }) => seen.get(fullName) !== sha);
  const isSame = lost.length === 0 && before.length === look.refs.length;
  if (!isSame) {
    const tips = [...new Set(lost.map(({ sha }) => sha))];
    await keepTips(git, directory, tips);
    await fetchRefspecs(
      git,
      directory,
      { transport: look.transport, refspecs: ['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*'] },
      limits,
    );
    await forgetReachedTips(git, directory, tips);
  }
  await pointHead(git, directory, look.headRef);
  const after = isSame ? before : await listMirrorRefs(git, directory);
  return groupRefs(after, await readHead(directory));
}

/** Brings one commit that no branch or tag need reach. Rejects with `commit_not_found` when the server refuses it. */
export async function fetchCommit(
  git: GitProgram,
  directory: string,
  sha: string,
  way: FetchLimits & { transport: Transport },
): Promise<void> {
  await fetchRefspecs(
    git,
    directory,
    { transport: way.transport, refspecs: [`+${sha}:${keptPrefix}${sha}`] },
    way,
  );
}

type FetchWay = { readonly transport: Transport; readonly refspecs: readonly string[] };

async function fetchRefspecs(
  git: GitProgram,
  directory: string,
  way: FetchWay,
  limits: FetchLimits,
): Promise<void> {
  const { url, ...transport } = way.transport;
  const options = [
    '--quiet',
    '--force',
    '--no-tags',
    '--no-write-fetch-head',
    '--no-auto-maintenance',
    '--no-show-forced-updates',
  ];
  const prune = way.refspecs.length > 1 ? ['--prune', '--update-shallow'] : [];
  const call: GitCall = {
    directory,
    args: ['fetch', ...options, ...prune, '--', url, ...way.refspecs],
    ...transport,
    ...limits,
    isLong: true,
  };
  await git.run(call);
}

/** Before the fetch, so that a death in between loses nothing. */
async function keepTips(git: GitProgram, directory: string, tips: readonly string[]): Promise<void> {
  if (tips.length === 0) return;
  const stdin = tips.map((sha) => `update ${keptPrefix}${sha} ${sha}\n`).join('');
  await git.run({ directory, args: ['update-ref', '--stdin'], stdin });
}

/** A branch that only moved forward still reaches its old tip: no name of its own is needed. */
async function forgetReachedTips(git: GitProgram, directory: string, tips: readonly string[]): Promise<void> {
  if (tips.length === 0) return;
  const args = ['rev-list', '--stdin', '--not', '--branches', '--tags'];
  const unreached = new Set(
    (await git.run({ directory, args, stdin: tips.map((sha) => `${sha}\n`).join('') }))
      .toString('utf8')
      .split('\n'),
  );
  const types = await git.run({
    directory,
    args: ['cat-file', '--batch-check=%(objecttype) %(objectname)'],
    stdin: tips.map((sha) => `${sha}\n`).join(''),
  });
  const commits = types
    .toString('utf8')
    .split('\n')
    .flatMap((line) => (line.startsWith('commit ') ? [line.slice('commit '.length)] : []));
  const stdin = commits
    .filter((sha) => !unreached.has(sha))
    .map((sha) => `delete ${keptPrefix}${sha}\n`)
    .join('');
  if (stdin !== '') await git.run({ directory, args: ['update-ref', '--stdin'], stdin });
}

async function pointHead(git: GitProgram, directory: string, headRef: string | null): Promise<void> {
  if (headRef === null || !headRef.startsWith('refs/heads/') || !isRefName(headRef)) return;
  if ((await readHead(directory)) === headRef) return;
  await git.run({ directory, args: ['symbolic-ref', 'HEAD', headRef] });
}

/** What HEAD of a mirror points to; null where it cannot be read. */
export async function readHead(directory: string): Promise<string | null> {
  if (!existsSync(join(directory, 'HEAD'))) return null;
  const text = await readFile(join(directory, 'HEAD'), 'utf8');
  return /^ref: (.+)\n?$/.exec(text)?.[1] ?? null;
}
