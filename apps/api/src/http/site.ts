import type { Configuration } from '@nohands/config';
import type { FastifyRequest } from 'fastify';

const loopbackNames = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Which names this server answers to and which pages may speak to it. */
export class Site {
  readonly #publicOrigin: string | null;
  readonly #allowedHosts: readonly string[];

  constructor({ publicUrl, allowedHosts }: Pick<Configuration, 'publicUrl' | 'allowedHosts'>) {
    this.#publicOrigin = publicUrl === null ? null : new URL(publicUrl).origin;
    const publicHost = publicUrl === null ? [] : [new URL(publicUrl).hostname];
    this.#allowedHosts = [...allowedHosts, ...publicHost].map((host) => host.toLowerCase());
  }

  /** True when users reach the server by TLS, so that cookies can insist on it. */
  get isSecure(): boolean {
    return this.#publicOrigin?.startsWith('https:') ?? false;
  }

  /** `https://host[:port]` for links in answers. */
  addressOf(request: FastifyRequest): string {
    return this.#publicOrigin ?? `${request.protocol}://${request.host}`;
  }

  /** A name that points here without anybody's permission is how pages of others reach loopback servers. */
  isAllowedHost(host: string | undefined): boolean {
    const name = hostName(host);
    if (name === null) return false;
    if (loopbackNames.has(name) || name.endsWith('.localhost')) return true;
    return this.#allowedHosts.some(
      (allowed) =>
        allowed === '*' ||
        allowed === name ||
        (allowed.startsWith('.') && (name.endsWith(allowed) || name === allowed.slice(1))),
    );
  }

  /** True when a page of this very site, port included, sent the request. */
  isOwnOrigin(origin: string, request: { readonly protocol: string; readonly host: string }): boolean {
    return origin === this.#publicOrigin || origin === `${request.protocol}://${request.host}`;
  }
}

function hostName(host: string | undefined): string | null {
  if (host === undefined || !/^[a-z0-9._:[\]-]+$/i.test(host)) return null;
  try {
    return new URL(`http://${host}`).hostname.toLowerCase();
  } catch {
    return null; // not a host at all
  }
}
