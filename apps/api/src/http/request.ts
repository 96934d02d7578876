import type { UserPrincipal } from '@nohands/domain';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** What the hooks of `http.application.ts` and the guard put on a request before a handler sees it. */
export type ApiRequest = FastifyRequest & {
  /** Who asks; absent on public routes when nobody is signed in. */
  principal?: UserPrincipal;
  /** `https://host[:port]` as the user typed it. */
  site?: string;
  /** SHA-256 of the session in use, to end it at sign-out. */
  sessionHash?: Buffer;
};

export type ApiReply = FastifyReply;
