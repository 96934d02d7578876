import { BlockList, isIPv4, isIPv6 } from 'node:net';

/** What an address leads to; only `public` is reachable without the operator's word. */
export const addressKinds = [
  'public',
  'private',
  'loopback',
  'link_local',
  'unspecified',
  'multicast',
  'reserved',
] as const;
export type AddressKind = (typeof addressKinds)[number];

type Range = readonly [network: string, bits: number, kind: Exclude<AddressKind, 'public'>];

/** IANA special-purpose registries; the first range that fits decides. */
const ranges4: readonly Range[] = [
  ['127.0.0.0', 8, 'loopback'],
  ['10.0.0.0', 8, 'private'],
  ['172.16.0.0', 12, 'private'],
  ['192.168.0.0', 16, 'private'],
  ['100.64.0.0', 10, 'private'],
  ['169.254.0.0', 16, 'link_local'],
  ['0.0.0.0', 8, 'unspecified'],
  ['224.0.0.0', 4, 'multicast'],
  ['192.0.0.0', 24, 'reserved'],
  ['192.0.2.0', 24, 'reserved'],
  ['192.88.99.0', 24, 'reserved'],
  ['198.18.0.0', 15, 'reserved'],
  ['198.51.100.0', 24, 'reserved'],
  ['203.0.113.0', 24, 'reserved'],
  ['240.0.0.0', 4, 'reserved'],
];

const ranges6: readonly Range[] = [
  ['::1', 128, 'loopback'],
  ['::', 128, 'unspecified'],
  ['fc00::', 7, 'private'],
  ['fec0::', 10, 'private'],
  ['fe80::', 10, 'link_local'],
  ['ff00::', 8, 'multicast'],
  ['100::', 64, 'reserved'],
  ['2001::', 23, 'reserved'],
  ['2001:db8::', 32, 'reserved'],
  ['3fff::', 20, 'reserved'],
  ['5f00::', 16, 'reserved'],
  ['64:ff9b:1::', 48, 'reserved'],
];

function compile(ranges: readonly Range[], family: 'ipv4' | 'ipv6') {
  return ranges.map(([network, bits, kind]) => {
    const list = new BlockList();
    list.addSubnet(network, bits, family);
    return { kind, holds: (address: string) => list.check(address, family) };
  });
}

const table4 = compile(ranges4, 'ipv4');
const table6 = compile(ranges6, 'ipv6');

/**
 * The kind of an IPv4 or IPv6 address in standard spelling; an IPv4 address inside an IPv6 one (mapped,
 * compatible, NAT64, 6to4) counts as itself. What is not an address is `reserved`, so that it is never reached.
 */
export function classifyAddress(address: string): AddressKind {
  if (isIPv4(address)) return table4.find((range) => range.holds(address))?.kind ?? 'public';
  if (!isIPv6(address) || address.includes('%')) return 'reserved';
  const own = table6.find((range) => range.holds(address))?.kind;
  if (own !== undefined) return own;
  const embedded = embeddedIpv4(expandIpv6(address));
  return embedded === null ? 'public' : classifyAddress(embedded);
}

/** True when a connection to this address may be opened; link-local (cloud metadata) and the like never may. */
export function isAllowedAddress(address: string, rules: { readonly allowPrivate: boolean }): boolean {
  const kind = classifyAddress(address);
  return kind === 'public' || (rules.allowPrivate && (kind === 'private' || kind === 'loopback'));
}

/**
 * The standard spelling of a host that is an address in any spelling (`2130706433`, `0x7f.1`, `[::FFFF:10.0.0.1]`),
 * or null for a host name.
 */
export function parseHostAddress(host: string): string | null {
  const normal = normalizeHost(host);
  if (normal === null) return null;
  const bare = normal.replace(/^\[|\]$/g, '');
  return isIPv4(bare) || isIPv6(bare) ? bare : null;
}

/** A host in lower case and ASCII, addresses in standard spelling (IPv6 in brackets); null when it is no host. */
export function normalizeHost(host: string): string | null {
  if (!/^(?:\[[^\s/\\?#@]*\]|[^\s/\\?#@:]+)$/.test(host)) return null;
  // The WHATWG parser knows all the spellings that resolvers accept; `http:` is what makes it look for them.
  const parsed = URL.parse(`http://${host}/`);
  if (parsed === null || parsed.port !== '' || parsed.username !== '') return null;
  const name = parsed.hostname.replace(/\.$/, '');
  return isHostName(name) || /^\[[0-9a-f:]+\]$/.test(name) ? name : null;
}

function isHostName(name: string): boolean {
  return (
    name.length <= 253 &&
    name.split('.').every((label) => /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/.test(label))
  );
}

/** Eight 16-bit groups. */
function expandIpv6(address: string): number[] {
  const normal = URL.parse(`http://[${address}]/`)?.hostname.slice(1, -1) ?? '::';
  const [head = '', tail] = normal.split('::');
  const groups = (part: string) => (part === '' ? [] : part.split(':').map((group) => parseInt(group, 16)));
  const left = groups(head);
  const right = tail === undefined ? [] : groups(tail);
  return [...left, ...new Array<number>(8 - left.length - right.length).fill(0), ...right];
}

function embeddedIpv4(groups: readonly number[]): string | null {
  const join = (high = 0, low = 0) => [high >> 8, high & 255, low >> 8, low & 255].join('.');
  const startsWith = (...prefix: number[]) => prefix.every((group, index) => groups[index] === group);
  const isMapped = startsWith(0, 0, 0, 0, 0, 0xffff) || startsWith(0, 0, 0, 0, 0xffff, 0);
  const isCompatible = startsWith(0, 0, 0, 0, 0, 0);
  const isNat64 = startsWith(0x64, 0xff9b, 0, 0, 0, 0);
  if (isMapped || isCompatible || isNat64) return join(groups[6], groups[7]);
  return startsWith(0x2002) ? join(groups[1], groups[2]) : null;
}
