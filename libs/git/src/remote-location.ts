import { normalizeHost, parseGitUrl, type GitUrl } from '@nohands/domain';
import { stat } from 'node:fs/promises';
import { resolve, sep } from 'node:path';
import { GitError } from './git-error.js';
import type { GitRemote, GitSettings } from './git-settings.js';
import { lookUpHost } from './host-lookup.js';

/** The address of a remote, read and judged again: what is stored may be older than the configuration. */
export function judgeRemote(remote: GitRemote, settings: GitSettings): GitUrl {
  const isTrustedPath = settings.trustedPaths?.includes(remote.url) === true;
  const rules = {
    allowLocal: settings.allowLocal || isTrustedPath,
    allowPrivateAddresses: settings.allowPrivateAddresses,
  };
  const result = parseGitUrl(remote.url, rules);
  if (result.ok) return result.url;
  const code = result.code === 'blocked_address' ? 'blocked_address' : 'url_not_allowed';
  throw new GitError(code, result.reason);
}

/** Judges the host of a git:// or ssh address and gives one address to connect to. */
export async function pinHost(url: GitUrl, settings: GitSettings, signal: AbortSignal): Promise<string> {
  const host = normalizeHost(url.host ?? '') ?? '';
  const [address] = await lookUpHost(host, settings, signal);
  if (address === undefined)
    throw new GitError('remote_unreachable', `The host name ${host} cannot be found.`);
  return address;
}

/** Rejects unless the path is a folder outside our own mirrors (they hold other people's repositories). */
export async function judgeLocalPath(path: string, settings: GitSettings): Promise<void> {
  const isOurs = (resolve(path) + sep).startsWith(resolve(settings.mirrorsDirectory) + sep);
  const found = isOurs ? null : await stat(path).catch(() => null); // ENOENT, EACCES: the same answer
  if (found?.isDirectory() === true) return;
  throw new GitError(
    'repository_not_found',
    'There is no git repository at this path, or the worker may not read it.',
  );
}
