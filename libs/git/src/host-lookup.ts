import { isAllowedAddress, parseHostAddress } from '@nohands/domain';
import { lookup } from 'node:dns/promises';
import { GitError } from './git-error.js';
import type { GitSettings } from './git-settings.js';

/**
 * The addresses of a host, all of them allowed. Rejects with `blocked_address` when one is not (a name that stands
 * for a public and a private address is a trick), with `remote_unreachable` when the name is unknown.
 */
export async function lookUpHost(
  host: string,
  settings: GitSettings,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const literal = parseHostAddress(host);
  const addresses = literal === null ? await resolve(host, settings, signal) : [literal];
  for (const address of addresses) {
    if (isAllowedAddress(address, { allowPrivate: settings.allowPrivateAddresses })) continue;
    throw new GitError(
      'blocked_address',
      `The host ${host} leads to a private, loopback or reserved address, which is not allowed; ` +
        'GIT_ALLOW_PRIVATE_ADDRESSES=true allows private and loopback ones.',
    );
  }
  return addresses;
}

async function resolve(host: string, settings: GitSettings, signal: AbortSignal): Promise<readonly string[]> {
  const look = settings.resolveHost ?? systemResolver;
  const unknown = (cause?: unknown) =>
    new GitError('remote_unreachable', `The host name ${host} cannot be found. Check the address.`, null, {
      cause,
    });
  // The system's resolver cannot be aborted; its answer is then nobody's.
  const addresses = await Promise.race([look(host), rejectOnAbort(signal)]).catch((error: unknown) => {
    throw signal.aborted ? signal.reason : unknown(error);
  });
  if (addresses.length === 0) throw unknown();
  return addresses;
}

async function systemResolver(host: string): Promise<readonly string[]> {
  const found = await lookup(host, { all: true });
  return found.map(({ address }) => address);
}

function rejectOnAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.throwIfAborted();
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}
