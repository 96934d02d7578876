import { isAllowedAddress, normalizeHost, parseHostAddress } from './addresses.js';

export const gitSchemes = ['https', 'http', 'ssh', 'git', 'local'] as const;
export type GitScheme = (typeof gitSchemes)[number];

export type GitCredentials = { readonly username: string; readonly password: string };

/** A judged address of a git repository. Nothing in it is secret but `credentials`. */
export type GitUrl = {
  readonly scheme: GitScheme;
  /** Lower case, IPv6 in brackets; null for a local path. */
  readonly host: string | null;
  /** Null for the scheme's own port. */
  readonly port: number | null;
  /** As the server gets it; for `local` an absolute path. */
  readonly path: string;
  /** The login of an ssh address (`git`); null elsewhere. */
  readonly username: string | null;
  /** What stood before the `@` of an http(s) address; to be kept apart from `text`. */
  readonly credentials: GitCredentials | null;
  /** The address to store, to show and to give to git: without credentials. */
  readonly text: string;
};

export type GitUrlRules = { readonly allowLocal: boolean; readonly allowPrivateAddresses: boolean };

export type GitUrlRefusal = 'malformed' | 'unsupported_scheme' | 'local_not_allowed' | 'blocked_address';

export type GitUrlResult =
  | { readonly ok: true; readonly url: GitUrl }
  /** `reason` is one sentence for people and repeats nothing of the input. */
  | { readonly ok: false; readonly code: GitUrlRefusal; readonly reason: string };

export const longestGitUrl = 2_000;

const strictRules: GitUrlRules = { allowLocal: false, allowPrivateAddresses: false };

/**
 * Reads and judges the address of a git repository without touching network or disk. Host names are judged only
 * by their text: whoever connects must judge the addresses they stand for, too (`isAllowedAddress`).
 */
export function parseGitUrl(input: string, rules: GitUrlRules = strictRules): GitUrlResult {
  if (/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(input))
    return malformed('It holds control characters.');
  const text = input.replace(/^ +| +$/g, '');
  if (text === '') return malformed('It is empty; give an address like https://github.com/team/app.git.');
  if (text.length > longestGitUrl) return malformed(`It is longer than ${longestGitUrl} characters.`);
  if (!text.isWellFormed()) return malformed('It is not valid Unicode.');
  if (text.startsWith('-')) return malformed('It begins with a hyphen, which git would take for an option.');
  if (/^[a-z0-9+.-]*::/i.test(text)) return unsupported('Remote helpers such as ext:: are never run.');
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase();
  if (scheme !== undefined) return parseWithScheme(scheme, text, rules);
  return /^(?:\[[^\]]*\]|[^/[\]:])+:/.test(text) && !text.startsWith('/')
    ? parseScpLike(text, rules)
    : parsePath(text, rules);
}

function parseWithScheme(scheme: string, text: string, rules: GitUrlRules): GitUrlResult {
  switch (scheme) {
    case 'https':
    case 'http':
    case 'ssh':
    case 'git':
      return parseNetworkUrl(scheme, text, rules);
    case 'file':
      return parseFileUrl(text, rules);
    default:
      return unsupported('Only https, http and git addresses are supported.');
  }
}

type NetworkScheme = Exclude<GitScheme, 'local'>;
const defaultPorts: Record<NetworkScheme, string> = { https: '443', http: '80', ssh: '22', git: '9418' };

function parseNetworkUrl(scheme: NetworkScheme, text: string, rules: GitUrlRules): GitUrlResult {
  if (/[\s\\]/.test(text)) return malformed('It holds a blank or a backslash.');
  // Read as http whatever the scheme: only then does the parser normalise hosts the way resolvers do.
  const parsed = URL.parse(`http://${text.slice(text.indexOf('//') + 2)}`);
  const authority = /^[^:]+:\/\/([^/?#]*)/.exec(text)?.[1] ?? '';
  const written = /^(?:.*@)?(?:\[[^\]]*\]|[^:[\]]*)(?::(\d*))?$/.exec(authority);
  if (parsed === null || written === null)
    return malformed('It cannot be read; is the host or the port mistyped?');
  if (parsed.search !== '' || text.includes('?') || text.includes('#'))
    return malformed('It holds a query (?) or a fragment (#).');
  const host = normalizeHost(parsed.hostname);
  const port =
    written[1] === undefined || written[1] === '' || written[1] === defaultPorts[scheme]
      ? null
      : Number(written[1]);
  if (host === null || port === 0) return malformed('Its host or port is not valid.');
  const login = readLogin(parsed);
  if (login === null)
    return malformed('Its user name or password is not valid; write special characters as %XX.');
  return finish({ scheme, host, port, path: parsed.pathname, login }, rules);
}

function parseScpLike(text: string, rules: GitUrlRules): GitUrlResult {
  const [, user, host = '', path = ''] = /^(?:([^@/]*)@)?(\[[^\]]*\]|[^:/@[\]]+):(.*)$/.exec(text) ?? [];
  const normal = normalizeHost(host);
  if (normal === null || /[\s\\]/.test(text))
    return malformed('It cannot be read; did you mean https://... ?');
  if (/^(https?|ssh|git|file|ftps?)$/i.test(host))
    return malformed('Two slashes are missing after the colon.');
  if (/^:|^\/\//.test(path)) return malformed('Its part before the colon is not valid.');
  if (path.startsWith('-'))
    return malformed('Its path begins with a hyphen, which git would take for an option.');
  const login = user === undefined ? null : { username: user, password: '' };
  // In this short form the path is the server's own: relative to the login's home unless it begins with a slash.
  const absolute = path.startsWith('/') ? path : `/~/${path}`;
  const url = finish(
    { scheme: 'ssh', host: normal, port: null, path: path === '' ? '' : absolute, login: login ?? undefined },
    rules,
  );
  if (!url.ok) return url;
  const prefix = url.url.username === null ? '' : `${url.url.username}@`;
  return { ok: true, url: { ...url.url, path, text: `${prefix}${normal}:${path}` } };
}

type Parts = {
  readonly scheme: NetworkScheme;
  readonly host: string;
  readonly port: number | null;
  readonly path: string;
  readonly login: GitCredentials | undefined;
};

function finish(parts: Parts, rules: GitUrlRules): GitUrlResult {
  const { scheme, host, port, path, login } = parts;
  const problem = judgePath(path) ?? judgeLogin(scheme, login);
  if (problem !== null) return malformed(problem);
  if (isBlockedHost(host, rules)) {
    return {
      ok: false,
      code: 'blocked_address',
      reason:
        'Its host is a private, loopback or reserved address; GIT_ALLOW_PRIVATE_ADDRESSES=true allows private and loopback ones.',
    };
  }
  const isHttp = scheme === 'https' || scheme === 'http';
  const username = isHttp ? null : (login?.username ?? null);
  const text = `${scheme}://${username === null ? '' : `${username}@`}${host}${port === null ? '' : `:${port}`}${path}`;
  return {
    ok: true,
    url: { scheme, host, port, path, username, credentials: isHttp ? (login ?? null) : null, text },
  };
}

function judgePath(path: string): string | null {
  if (path === '' || path === '/') return 'It names a host but no repository.';
  const decoded = decode(path);
  if (decoded === null) return 'Its path holds a broken %XX escape.';
  return /[\u0000-\u001f\u007f]/.test(decoded) ? 'It holds control characters.' : null;
}

function judgeLogin(scheme: NetworkScheme, login: GitCredentials | undefined): string | null {
  if (login === undefined || scheme === 'https' || scheme === 'http') return null;
  if (login.password !== '') return 'Passwords are not used over ssh and git addresses.';
  if (scheme === 'git') return 'A git:// address takes no user name.';
  return /^[a-z0-9_][a-z0-9._-]{0,63}$/i.test(login.username) ? null : 'Its user name is not valid.';
}

/** Undefined when there is none, null when it cannot be read. */
function readLogin(parsed: URL): GitCredentials | undefined | null {
  if (parsed.username === '' && parsed.password === '') return undefined;
  const username = decode(parsed.username);
  const password = decode(parsed.password);
  if (username === null || password === null) return null;
  // A header or a helper protocol would break at a line end; a basic-auth name ends at its first colon.
  const isBroken = /[\u0000-\u001f\u007f]/.test(username + password) || username.includes(':');
  return isBroken ? null : { username, password };
}

function isBlockedHost(host: string, rules: GitUrlRules): boolean {
  if (host === 'localhost' || host.endsWith('.localhost')) return !rules.allowPrivateAddresses;
  const address = parseHostAddress(host);
  return address !== null && !isAllowedAddress(address, { allowPrivate: rules.allowPrivateAddresses });
}

function parseFileUrl(text: string, rules: GitUrlRules): GitUrlResult {
  const path = decode(text.slice('file://'.length).replace(/^localhost(?=\/)/i, ''));
  return path === null ? malformed('Its path holds a broken %XX escape.') : parsePath(path, rules);
}

function parsePath(path: string, rules: GitUrlRules): GitUrlResult {
  if (!rules.allowLocal) {
    return {
      ok: false,
      code: 'local_not_allowed',
      reason: 'Paths on this machine are not allowed; give an https address, or set GIT_ALLOW_LOCAL=true.',
    };
  }
  if (/[\u0000-\u001f\u007f-\u009f]/.test(path)) return malformed('It holds control characters.');
  if (!path.startsWith('/')) return malformed('A path on this machine must be absolute.');
  if (path.split('/').includes('..')) return malformed('A path on this machine must not hold "..".');
  const url = {
    scheme: 'local',
    host: null,
    port: null,
    path,
    username: null,
    credentials: null,
    text: path,
  } as const;
  return { ok: true, url };
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null; // URIError: a lone % or bytes that are no UTF-8
  }
}

function malformed(why: string): GitUrlResult {
  return { ok: false, code: 'malformed', reason: `This is not the address of a git repository. ${why}` };
}

function unsupported(why: string): GitUrlResult {
  return { ok: false, code: 'unsupported_scheme', reason: `This kind of address is not supported. ${why}` };
}
