import { isIPv4 } from 'node:net';
import { checkImageName } from './image-name.js';

/** Where images are pushed: the `DOCKER_REGISTRY` setting, read. */
export type Registry = {
  /** `host[:port]`; `docker.io` for Docker Hub whatever its address was written as. */
  readonly host: string;
  /** The path in front of image names, without slashes at its ends; empty for none. */
  readonly path: string;
};

const dockerHub = 'docker.io';
const dockerHubNames: ReadonlySet<string> = new Set([dockerHub, 'index.docker.io', 'registry-1.docker.io']);
const hostGrammar = /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::\d{1,5})?$/i;
const tagGrammar = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
const digestGrammar = /^sha256:[0-9a-f]{64}$/;

/**
 * Reads `localhost:5000/team`, `registry.example.org`, `docker.io/me` or Docker's own
 * `https://index.docker.io/v1/`. Throws RangeError with a sentence that says what to write instead.
 */
export function registryOf(setting: string): Registry {
  const text = setting.trim().replace(/\/+$/, '');
  if (/^http:/i.test(text)) {
    throw new RangeError('Write the registry without http:// and list it in INSECURE_REGISTRIES.');
  }
  const [host = '', ...parts] = text.replace(/^https:\/\//i, '').split('/');
  if (dockerHubNames.has(host.toLowerCase())) {
    // `v1` is part of Docker Hub's old address, no place for images.
    return {
      host: dockerHub,
      path: checkedPath(host === dockerHub || parts[0] !== 'v1' ? parts : parts.slice(1)),
    };
  }
  if (host.startsWith('[')) {
    throw new RangeError('Write a host name: image references cannot hold an IPv6 address.');
  }
  if (!hostGrammar.test(host)) throw new RangeError('The registry must be host[:port][/path].');
  if (!/[.:]/.test(host) && host !== 'localhost') {
    throw new RangeError(
      `"${host}" reads as a Docker Hub account: write ${host}:443, ${host}:5000 or docker.io/${host}.`,
    );
  }
  return { host: host.toLowerCase(), path: checkedPath(parts) };
}

/** `host/path/name:tag`. Throws RangeError for a name or tag outside the OCI grammar. */
export function imageReference(registry: Registry, imageName: string, tag: string): string {
  if (!tagGrammar.test(tag)) throw new RangeError('A tag has letters, digits, _ . and -, at most 128.');
  return `${repositoryReference(registry, imageName)}:${tag}`;
}

/** `host/path/name@sha256:...`. Throws RangeError for a name or digest outside the OCI grammar. */
export function digestReference(registry: Registry, imageName: string, digest: string): string {
  if (!digestGrammar.test(digest)) throw new RangeError('A digest is sha256: and 64 lower-case hex digits.');
  return `${repositoryReference(registry, imageName)}@${digest}`;
}

/** True where plain HTTP may be used: a listed `host[:port]`, or this machine itself, as Docker does. */
export function isInsecure(host: string, insecureRegistries: readonly string[]): boolean {
  if (insecureRegistries.some((listed) => listed.toLowerCase() === host.toLowerCase())) return true;
  const name = host.replace(/:\d+$/, '').toLowerCase();
  return name === 'localhost' || name === '[::1]' || (isIPv4(name) && name.startsWith('127.'));
}

function repositoryReference({ host, path }: Registry, imageName: string): string {
  const reason = checkImageName(imageName);
  if (reason !== null) throw new RangeError(reason);
  return [host, path, imageName].filter((part) => part !== '').join('/');
}

function checkedPath(parts: readonly string[]): string {
  const path = parts.join('/');
  const reason = path === '' ? null : checkImageName(path);
  if (reason !== null) throw new RangeError(`The path of the registry is not valid. ${reason}`);
  return path;
}
