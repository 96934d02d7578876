import { createHash, randomBytes } from 'node:crypto';

/** What the database knows of a token, a session or a link. */
export function hashSecret(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

/** 256 bits in letters that need no escaping anywhere. */
export function makeSecret(prefix = ''): string {
  return prefix + randomBytes(32).toString('base64url');
}

export const tokenPrefix = 'nh_';
/** How much of a token is shown later, to tell tokens apart. */
export const shownTokenLength = 8;
