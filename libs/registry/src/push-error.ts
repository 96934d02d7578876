import { BuildError, type BuildErrorCode } from '@nohands/domain';
import type { RegistryAccess } from './registry-access.js';

type Verdict = { readonly code: BuildErrorCode; readonly sentence: (host: string) => string };

const kept = 'The image is kept.';

/** What skopeo's words mean; the first row that fits decides. Anything else is `push_rejected`. */
const verdicts: readonly (readonly [RegExp, Verdict])[] = [
  [
    /server gave HTTP response to HTTPS client/,
    {
      code: 'push_rejected',
      sentence: (host) =>
        `The push failed because ${host} speaks plain HTTP: give it a certificate, or list it in INSECURE_REGISTRIES. ${kept}`,
    },
  ],
  [
    /x509:|certificate (?:is not|signed by|has expired)|tls: /,
    {
      code: 'push_rejected',
      sentence: (host) =>
        `The push failed because the certificate of ${host} is not trusted here: install its authority's certificate on the worker. ${kept}`,
    },
  ],
  [
    /unauthorized|authentication required|(?<!permission )\bdenied\b|insufficient_scope|invalid username\/password|\b40[13] \(?(?:Unauthorized|Forbidden)|StatusCode: 40[13]/i,
    {
      code: 'push_denied',
      sentence: (host) =>
        `The push was denied because ${host} does not accept these credentials for this image: check DOCKER_REGISTRY_USERNAME, its password and its right to push. ${kept}`,
    },
  ],
  [
    /connection refused|connection reset|no such host|server misbehaving|no route to host|network is unreachable|i\/o timeout|TLS handshake timeout|deadline exceeded|Client\.Timeout|broken pipe|\bEOF\b|\b50[0234] \(?[A-Z]|StatusCode: (?:429|5\d\d)|toomanyrequests|\b429 \(?Too Many/i,
    {
      code: 'registry_unreachable',
      sentence: (host) =>
        `The push failed because ${host} does not answer as a registry: check that it runs and that the worker can reach it. ${kept}`,
    },
  ],
];

/** True when skopeo says that the registry works but has nothing under that name; registries differ in the words. */
export function saysNotFound(stderr: string): boolean {
  return /manifest unknown|name unknown|not known to registry|\bnot found\b|StatusCode: 404/i.test(
    lastWords(stderr),
  );
}

/** The typed error for what skopeo said; its detail holds no credentials. */
export function pushErrorOf(access: RegistryAccess, stderr: string): BuildError {
  const words = withoutSecrets(lastWords(stderr), access);
  const verdict = verdicts.find(([pattern]) => pattern.test(words))?.[1];
  const host = access.registry.host;
  if (verdict !== undefined) return new BuildError(verdict.code, verdict.sentence(host), words);
  return new BuildError(
    'push_rejected',
    `The push failed because ${host} did not take the image: its words are below; check the image name and the registry's rules. ${kept}`,
    words,
  );
}

/** The error of a registry that took too long. */
export function tooSlowError(access: RegistryAccess): BuildError {
  const seconds = Math.round(access.deadlineMs / 1000);
  return new BuildError(
    'registry_unreachable',
    `The push failed because ${access.registry.host} did not take the image within ${seconds} s: check the registry and the network. ${kept}`,
  );
}

/** The error of a worker without skopeo. */
export function unavailableError(): BuildError {
  return new BuildError(
    'push_unavailable',
    `The push was not tried because the worker has no skopeo: install it (on Debian: apt install skopeo) and push again. ${kept}`,
  );
}

/** skopeo ends with one logrus line `level=fatal msg="..."`; without one, the tail of what it said. */
function lastWords(stderr: string): string {
  const quoted = [...stderr.matchAll(/level=fatal msg=("(?:[^"\\]|\\.)*")/g)].at(-1)?.[1];
  if (quoted === undefined) return stderr.trim().slice(-2000);
  try {
    return (JSON.parse(quoted) as string).slice(0, 2000);
  } catch {
    // Expected: SyntaxError, where Go's escapes (\x1b) are not JSON's.
    return quoted.slice(1, -1).slice(0, 2000);
  }
}

function withoutSecrets(words: string, { credentials }: RegistryAccess): string {
  // Upload addresses carry signed state in their query.
  const plain = words.replace(/\?[^\s"']+/g, '');
  if (credentials === null || credentials.password === '') return plain;
  const { username, password } = credentials;
  const forms = [
    password,
    encodeURIComponent(password),
    Buffer.from(`${username}:${password}`).toString('base64'),
  ];
  return forms.reduce((text, form) => text.replaceAll(form, '***'), plain);
}
