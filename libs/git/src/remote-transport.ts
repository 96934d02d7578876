import type { GitUrl } from '@nohands/domain';
import { createHash, randomUUID } from 'node:crypto';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { GitCall } from './git-program.js';
import type { GitSettings } from './git-settings.js';
import type { HttpLocation } from './http-remote.js';
import { judgeLocalPath, pinHost } from './remote-location.js';

/** What makes the git program talk to one judged remote, and to nothing else. */
export type Transport = { readonly url: string } & Required<
  Pick<GitCall, 'protocols' | 'config' | 'environment'>
>;

/** For http(s): the place found by `HttpRemote`, pinned to the addresses it judged, credentials by environment. */
export function httpTransport(location: HttpLocation): Transport {
  const { url, host, port, addresses, authorization } = location;
  const protocols = new URL(url).protocol.slice(0, -1);
  const pin = `${host}:${port}:${addresses.map((address) => (address.includes(':') ? `[${address}]` : address)).join(',')}`;
  return {
    url,
    protocols,
    config: [
      ...(host.startsWith('[') ? [] : [['http.curloptResolve', pin] as const]),
      ...(authorization === null ? [] : [['http.extraHeader', `Authorization: ${authorization}`] as const]),
    ],
    environment: {},
  };
}

/** For the other kinds; judges host or path. Rejects with `GitError`. */
export async function otherTransport(
  url: GitUrl,
  settings: GitSettings,
  signal: AbortSignal,
): Promise<Transport> {
  switch (url.scheme) {
    case 'ssh':
      return sshTransport(url, settings, await pinHost(url, settings, signal));
    case 'git':
      return gitTransport(url, await pinHost(url, settings, signal));
    case 'local':
    case 'http':
    case 'https':
      await judgeLocalPath(url.path, settings);
      return localTransport(url, settings);
  }
}

function gitTransport(url: GitUrl, address: string): Transport {
  const authority = `${address.includes(':') ? `[${address}]` : address}${url.port === null ? '' : `:${url.port}`}`;
  const virtualHost = `${url.host ?? ''}${url.port === null ? '' : `:${url.port}`}`;
  return {
    url: `git://${authority}${url.path}`,
    protocols: 'git',
    config: [],
    environment: { GIT_OVERRIDE_VIRTUAL_HOST: virtualHost },
  };
}

/** Git starts ssh by a command line: it stays free of anything a user wrote; that goes into a file of options. */
async function sshTransport(url: GitUrl, settings: GitSettings, address: string): Promise<Transport> {
  const key = settings.sshKeyFile ?? null;
  const host = (url.host ?? '').replace(/^\[|\]$/g, '');
  const options = [
    'BatchMode yes',
    'ConnectTimeout 10',
    'ServerAliveInterval 15',
    'PasswordAuthentication no',
    'StrictHostKeyChecking accept-new',
    `UserKnownHostsFile "${join(settings.mirrorsDirectory, 'known_hosts')}"`,
    `HostKeyAlias "${url.port === null ? host : `[${host}]:${url.port}`}"`,
    `Hostname ${address}`,
    'IdentitiesOnly yes',
    'IdentityAgent none',
    `IdentityFile ${key === null ? 'none' : `"${key}"`}`,
    'ForwardAgent no',
    'PermitLocalCommand no',
    'ProxyCommand none',
  ];
  const name = await writeOptions('ssh', `${options.join('\n')}\n`, settings);
  const environment = { GIT_SSH_COMMAND: `ssh -F ${name}`, GIT_SSH_VARIANT: 'ssh' };
  return { url: url.text, protocols: 'ssh', config: [], environment };
}

/**
 * The operator allowed paths on this machine, whoever owns them: git asks for its own "yes" in a global file, because
 * the serving side does not read what the environment says.
 */
async function localTransport(url: GitUrl, settings: GitSettings): Promise<Transport> {
  const quoted = (path: string) => `"${path.replace(/[\\"]/g, '\\$&')}"`;
  const paths = [url.path, join(url.path, '.git'), '.'].map((path) => `\tdirectory = ${quoted(path)}`);
  const file = join(
    settings.mirrorsDirectory,
    await writeOptions('local', `[safe]\n${paths.join('\n')}\n`, settings),
  );
  return { url: url.path, protocols: 'file', config: [], environment: { GIT_CONFIG_GLOBAL: file } };
}

/** Named by content, so that callers at the same time do not disturb each other; renamed, so that none is half. */
async function writeOptions(kind: string, text: string, settings: GitSettings): Promise<string> {
  const name = `.${kind}-${createHash('sha256').update(text).digest('hex').slice(0, 32)}.conf`;
  const draft = join(settings.mirrorsDirectory, `${name}.${randomUUID()}`);
  await writeFile(draft, text, { mode: 0o600 });
  await rename(draft, join(settings.mirrorsDirectory, name));
  return name;
}
