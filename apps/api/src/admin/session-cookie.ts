import { Injectable } from '@nestjs/common';
import { Configuration } from '@nohands/config';
import { sessionSeconds } from '@nohands/database';
import type { ApiReply } from '../http/request.js';
import { Site } from '../http/site.js';

/** The cookie of a session: out of reach for scripts, never sent from other sites' forms, tied to the host by TLS. */
@Injectable()
export class SessionCookie {
  readonly name: string;
  readonly #isSecure: boolean;

  constructor(configuration: Configuration) {
    this.#isSecure = new Site(configuration).isSecure;
    this.name = this.#isSecure ? '__Host-nohands_session' : 'nohands_session';
  }

  set(reply: ApiReply, { token }: { readonly token: string }): void {
    reply.setCookie(this.name, token, { ...this.#attributes, maxAge: sessionSeconds.longest });
  }

  clear(reply: ApiReply): void {
    reply.clearCookie(this.name, this.#attributes);
  }

  get #attributes() {
    return { path: '/', httpOnly: true, sameSite: 'lax', secure: this.#isSecure } as const;
  }
}
