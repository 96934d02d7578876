import { listServerRefs } from 'isomorphic-git';
import { GitError } from './git-error.js';
import { type GitProgram, deadlinePassed } from './git-program.js';
import { defaultLookDeadlineMs, type GitRemote, type GitSettings } from './git-settings.js';
import { readConnectionFailure } from './http-failure.js';
import { HttpRemote } from './http-remote.js';
import { judgeRemote } from './remote-location.js';
import { httpTransport, otherTransport, type Transport } from './remote-transport.js';

/** A ref as the server shows it; `peeledSha` is what an annotated tag stands for in the end. */
export type RemoteRef = { readonly name: string; readonly sha: string; readonly peeledSha: string | null };

export type RemoteLook = {
  /** Branches and tags (`refs/heads/...`, `refs/tags/...`). */
  readonly refs: readonly RemoteRef[];
  /** The branch that `HEAD` points to, with `refs/heads/`; null when it points to none. */
  readonly headRef: string | null;
  /** The way to the same place for the git program. */
  readonly transport: Transport;
};

type LookOptions = { readonly prefix?: string; readonly deadlineMs?: number; readonly signal?: AbortSignal };

/**
 * The refs of a remote at this moment. Http(s) is asked in this process, the rest by the git program. Rejects with
 * `remote_unreachable`, `repository_denied`, `repository_not_found`, `blocked_address` or `url_not_allowed`.
 */
export async function lookAtRemote(
  remote: GitRemote,
  git: GitProgram,
  settings: GitSettings,
  options: LookOptions = {},
): Promise<RemoteLook> {
  const deadlineMs = options.deadlineMs ?? settings.lookDeadlineMs ?? defaultLookDeadlineMs;
  const deadline = AbortSignal.timeout(deadlineMs);
  const signal = options.signal === undefined ? deadline : AbortSignal.any([options.signal, deadline]);
  const url = judgeRemote(remote, settings);
  const isHttp = url.scheme === 'http' || url.scheme === 'https';
  try {
    return isHttp
      ? await lookByHttp(new HttpRemote(remote, settings, signal), options.prefix)
      : await lookByProgram(git, await otherTransport(url, settings, signal), signal);
  } catch (error) {
    options.signal?.throwIfAborted();
    throw deadline.aborted ? deadlinePassed(deadlineMs) : readConnectionFailure(error);
  }
}

async function lookByHttp(http: HttpRemote, prefix: string | undefined): Promise<RemoteLook> {
  // The library takes the address only to build on it: HttpRemote knows the judged one, and what redirects made of it.
  const found = await listServerRefs({
    http,
    url: 'http://remote.invalid',
    symrefs: true,
    peelTags: true,
    ...(prefix === undefined ? {} : { prefix }),
  }).catch((error: unknown) => {
    http.throwIfFailed();
    throw error;
  });
  http.throwIfIncomplete();
  const refs = found.map(({ ref, oid, peeled }) => ({ name: ref, sha: oid, peeledSha: peeled ?? null }));
  const headRef = found.find(({ ref }) => ref === 'HEAD')?.target ?? null;
  return { refs: refs.filter(isBranchOrTag), headRef, transport: httpTransport(http.foundLocation) };
}

async function lookByProgram(
  git: GitProgram,
  transport: Transport,
  signal: AbortSignal,
): Promise<RemoteLook> {
  const { url, ...rest } = transport;
  const args = ['ls-remote', '--symref', '--', url];
  const output = await git.run({ directory: null, args, ...rest, signal, maxOutputBytes: mostBytes });
  if (output.length >= mostBytes)
    throw new GitError('remote_unreachable', 'The git server sends an endless list of refs.');
  return { ...parseLsRemote(output.toString('utf8')), transport };
}

const mostBytes = 64 * 1024 * 1024;

function parseLsRemote(text: string): Omit<RemoteLook, 'transport'> {
  const lines = text.split('\n').map((line) => line.split('\t') as [string, string?]);
  const peeled = new Map<string, string>();
  for (const [sha, name] of lines) if (name?.endsWith('^{}') === true) peeled.set(name.slice(0, -3), sha);
  const head = lines.find(([target, name]) => name === 'HEAD' && target.startsWith('ref: '))?.[0];
  const refs = lines.flatMap(([sha, name]) =>
    name === undefined || name.endsWith('^{}') ? [] : [{ name, sha, peeledSha: peeled.get(name) ?? null }],
  );
  return { refs: refs.filter(isBranchOrTag), headRef: head?.slice('ref: '.length) ?? null };
}

function isBranchOrTag({ name, sha }: RemoteRef): boolean {
  return /^refs\/(heads|tags)\/./.test(name) && /^[0-9a-f]{40}$/.test(sha);
}
