import type { Environment } from './configuration.js';
import type { Variable } from './variable.js';
import { variables } from './variables.js';

/** Beside our own variables, what programs on this machine need to run at all. */
const inherited = [
  'PATH',
  'HOME',
  'LANG',
  'TZ',
  'TMPDIR',
  'SSH_AUTH_SOCK',
  'SSL_CERT_FILE',
  'NODE_EXTRA_CA_CERTS',
];
const proxies = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'no_proxy'];

/**
 * The environment for API and worker: declared variables and a short list of the machine's, nothing else, with
 * `overrides` (what the launcher decided: DATABASE_URL, SECRET_KEY, folders) on top.
 */
export function environmentOfChildren(
  overrides: Readonly<Record<string, string>>,
  environment: Environment = process.env,
): Record<string, string> {
  const declared = Object.values<Variable<unknown>>(variables).flatMap(({ name, formerName }) =>
    formerName ? [name, formerName] : [name],
  );
  const kept = [...inherited, ...proxies, ...declared].flatMap((name) => {
    const value = environment[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(kept), ...overrides };
}
