import { Injectable } from '@nestjs/common';
import { ApiTokensStore, SessionsStore } from '@nohands/database';
import { system, type UserPrincipal } from '@nohands/domain';
import type { IncomingHttpHeaders } from 'node:http';
import { hashSecret } from './secrets.js';
import { SessionCookie } from './session-cookie.js';

export type Identity = {
  readonly principal: UserPrincipal;
  /** Of the session in use; null for a token. */
  readonly sessionHash: Buffer | null;
};

const reader = system('api');
const longestSecret = 512;

/** Says who sent a request: by its bearer token, else by its session cookie; a token in the address is never read. */
@Injectable()
export class IdentityService {
  constructor(
    private readonly tokens: ApiTokensStore,
    private readonly sessions: SessionsStore,
    private readonly cookie: SessionCookie,
  ) {}

  /** Null for nobody: no credentials, or ones that are unknown, expired or of a disabled user. */
  async identify(headers: IncomingHttpHeaders): Promise<Identity | null> {
    if (headers.authorization !== undefined) return this.#byToken(headers.authorization);
    const session = readCookie(headers.cookie ?? '', this.cookie.name);
    return session ? this.#bySession(session) : null;
  }

  async #byToken(authorization: string): Promise<Identity | null> {
    const token = /^Bearer +(\S+) *$/i.exec(authorization)?.[1];
    if (token === undefined || token.length > longestSecret) return null;
    const principal = await this.tokens.find(reader, hashSecret(token));
    return principal && { principal, sessionHash: null };
  }

  async #bySession(session: string): Promise<Identity | null> {
    if (session.length > longestSecret) return null;
    const sessionHash = hashSecret(session);
    const signedIn = await this.sessions.find(reader, sessionHash);
    return signedIn && { principal: signedIn.principal, sessionHash };
  }
}

/** The value of a cookie that we set: base64url, so nothing in it is escaped. */
function readCookie(header: string, name: string): string | undefined {
  const pairs = header.split(';').map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1);
}
