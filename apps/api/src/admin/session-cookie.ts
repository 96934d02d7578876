import type { ApiReply } from '../http/request.js';

export abstract class SessionCookie {
  abstract set(reply: ApiReply, session: { token: string; expiresAt: Date }): void;
  abstract clear(reply: ApiReply): void;
}
