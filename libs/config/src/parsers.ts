import { acceptsSecret, minimumSecretLength, registryOf } from '@nohands/domain';
import { resolve } from 'node:path';
import { BlockList, isIP } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Refusal, type Parser } from './variable.js';

/** Any text of `minimum` characters or more. */
export function text(minimum = 1): Parser<string> {
  return (value) => {
    if (value.length < minimum) throw new Refusal(`is too short: it needs ${minimum} characters or more`);
    return value;
  };
}

/** A whole number between two bounds, both included. */
export function wholeNumber(minimum: number, maximum: number): Parser<number> {
  return (value) => {
    const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
    if (number >= minimum && number <= maximum) return number;
    throw new Refusal(`must be a whole number from ${minimum} to ${maximum}`);
  };
}

const yes = new Set(['true', '1', 'yes', 'on']);
const no = new Set(['false', '0', 'no', 'off']);

/** A switch: true/false, 1/0, yes/no, on/off. */
export const flag: Parser<boolean> = (value) => {
  const word = value.toLowerCase();
  if (yes.has(word)) return true;
  if (no.has(word)) return false;
  throw new Refusal('must be true or false');
};

/** One word of a closed list. */
export function choice<T extends string>(...words: readonly T[]): Parser<T> {
  return (value) => {
    const found = words.find((word) => word === value.toLowerCase());
    if (found === undefined) throw new Refusal(`must be one of: ${words.join(', ')}`);
    return found;
  };
}

/** Several values with commas between them. */
export function list<T>(item: Parser<T>): Parser<readonly T[]> {
  return (value) =>
    value
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '')
      .map(item);
}

/** A folder or file, made absolute against the folder the program runs in. */
export const path: Parser<string> = (value) => {
  if (value.includes('\0')) throw new Refusal('must be a path');
  return resolve(value);
};

/** An address of one of the given schemes (`https:`), kept as it was written. */
export function address(...schemes: readonly string[]): Parser<string> {
  return (value) => {
    if (URL.canParse(value) && schemes.includes(new URL(value).protocol)) return value;
    // The form libpq knows with an empty host, which the URL standard does not: postgresql://user@/db?host=/dir
    const withHost = value.replace('@/', '@host/');
    if (URL.canParse(withHost) && schemes.includes(new URL(withHost).protocol)) return value;
    throw new Refusal(`must be an address that begins with ${schemes.map((s) => `${s}//`).join(' or ')}`);
  };
}

/** A folder as `file:///...`. */
export const folderAddress: Parser<string> = (value) => {
  try {
    fileURLToPath(value);
    return value;
  } catch {
    // fileURLToPath refuses everything that is not an absolute path of this machine
    throw new Refusal('must be a folder as file:///...');
  }
};

/** The root of a web site: http(s), no path, query or account; without a slash at the end. */
export const siteAddress: Parser<string> = (value) => {
  const url = URL.canParse(value) ? new URL(value) : null;
  const isSite =
    url !== null &&
    ['http:', 'https:'].includes(url.protocol) &&
    url.origin !== 'null' &&
    `${url.origin}/` === url.href;
  if (!isSite) throw new Refusal('must be the root of a site, such as https://builds.example.org');
  return url.origin;
};

/** A name or address a server listens on. */
export const listenHost: Parser<string> = (value) => {
  if (isIP(value) !== 0 || /^[A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?$/.test(value)) return value;
  throw new Refusal('must be a host name or an IP address');
};

/** A host name as browsers send it, `.example.org` for all names below, `*` for every name. */
export const hostPattern: Parser<string> = (value) => {
  const name = value.toLowerCase();
  if (name === '*' || isIP(name.replace(/^\[(.*)\]$/, '$1')) !== 0) return name;
  if (/^\.?[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(name)) return name;
  throw new Refusal('must list host names without scheme and port');
};

/** An IP address or a network such as 10.0.0.0/8. */
export const network: Parser<string> = (value) => {
  const [ip = '', bits, ...rest] = value.split('/');
  const family = isIP(ip) === 6 ? 'ipv6' : 'ipv4';
  try {
    if (rest.length > 0 || (bits !== undefined && !/^\d{1,3}$/.test(bits))) throw new RangeError('bits');
    new BlockList().addSubnet(ip, bits === undefined ? (family === 'ipv6' ? 128 : 32) : Number(bits), family);
    return value;
  } catch {
    // BlockList refuses what is no address and prefixes that are too long
    throw new Refusal('must list IP addresses or networks such as 10.0.0.0/8');
  }
};

/** `host[:port]` of a registry. */
export const registryHost: Parser<string> = (value) => {
  if (/^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?)(:\d{1,5})?$/.test(value)) return value;
  throw new Refusal('must be host or host:port, without http://');
};

/** `host[:port][/path]`: where images are pushed, by the rules of `registryOf`. */
export const registryPrefix: Parser<string> = (value) => {
  try {
    const { host, path } = registryOf(value);
    return path === '' ? host : `${host}/${path}`;
  } catch (error) {
    // RangeError is the rule's own word, and says what to write instead.
    if (error instanceof RangeError) throw new Refusal(`is not a registry. ${error.message}`);
    throw error;
  }
};

/** A secret that the log can mask: shorter ones would stay readable. */
export const maskableSecret: Parser<string> = (value) => {
  if (acceptsSecret(value)) return value;
  throw new Refusal(`must have ${minimumSecretLength} characters or more, so that logs can mask it`);
};

/** An e-mail address, judged only so far that a mistyped variable is noticed. */
export const email: Parser<string> = (value) => {
  if (/^[^\s@,;<>]+@[^\s@,;<>]+$/.test(value) && value.length <= 254) return value;
  throw new Refusal('must be an e-mail address');
};
