import type { PullCredential } from '../build-engine.js';
import type { BuildUser } from './build-user.js';

/** A registry that answers for another: `registry` as it is written in FROM, `mirror` as host[:port][/path]. */
export type RegistryMirror = { readonly registry: string; readonly mirror: string };
export type RegistryOptions = {
  /** host[:port] of registries that speak plain HTTP. */
  readonly insecureRegistries: readonly string[];
  readonly mirrors: readonly RegistryMirror[];
};

/** registries.conf: short names are `docker.io`'s, as Docker has it; nothing of the machine's own configuration counts. */
export function writeRegistriesConf({ insecureRegistries, mirrors }: RegistryOptions): string {
  const isInsecure = (place: string): boolean => insecureRegistries.includes(place.split('/')[0] ?? '');
  const tables = mirrors.map(({ registry, mirror }) =>
    [
      `[[registry]]`,
      `location = ${quote(registry)}`,
      `[[registry.mirror]]`,
      ...location(mirror, isInsecure(mirror)),
    ].join('\n'),
  );
  const mirrored = new Set(mirrors.map(({ registry }) => registry));
  const plain = insecureRegistries.filter((registry) => !mirrored.has(registry));
  tables.push(...plain.map((registry) => [`[[registry]]`, ...location(registry, true)].join('\n')));
  return [
    'unqualified-search-registries = ["docker.io"]',
    'short-name-mode = "disabled"',
    ...tables,
    '',
  ].join('\n');
}

/** The signature policy: any image, as Docker has it. */
export const policyJson = JSON.stringify({ default: [{ type: 'insecureAcceptAnything' }] });

/** The auth file of one build. */
export function writeAuthFile(credentials: readonly PullCredential[]): string {
  const auths = credentials.map(({ registry, username, password }) => [
    registry,
    { auth: Buffer.from(`${username}:${password}`).toString('base64') },
  ]);
  return JSON.stringify({ auths: Object.fromEntries(auths) as unknown });
}

/** The files of /etc that name users: root and the build user, nobody else of the host. */
export function writeUserFiles(user: BuildUser | null): Record<string, string> {
  const root = 'root:x:0:0::/:/usr/sbin/nologin\n';
  if (user === null) return { passwd: root, group: 'root:x:0:\n' };
  const { name, uid, gid, subordinateUids, subordinateGids } = user;
  return {
    passwd: `${root}${name}:x:${uid}:${gid}::/build/work:/usr/sbin/nologin\n`,
    group: `root:x:0:\n${name}:x:${gid}:\n`,
    subuid: `${name}:${subordinateUids.start}:${subordinateUids.count}\n`,
    subgid: `${name}:${subordinateGids.start}:${subordinateGids.count}\n`,
  };
}

function location(place: string, insecure: boolean): string[] {
  return [`location = ${quote(place)}`, ...(insecure ? ['insecure = true'] : [])];
}

/** JSON's string form is a valid TOML basic string. */
function quote(text: string): string {
  return JSON.stringify(text);
}
