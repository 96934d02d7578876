import { Problem } from '@nohands/domain';
import { ApiHeader } from '@nestjs/swagger';
import type { ApiReply } from './request.js';

/** Declares the optional `If-Match`. */
export const TakesRevision = () =>
  ApiHeader({
    name: 'If-Match',
    required: false,
    schema: { type: 'string' },
    description: 'The ETag last read; 412 when the object changed since',
  });

/** Sends the revision as a strong ETag and gives the answer back. */
export function withRevision<T extends { revision: number }>(reply: ApiReply, answer: T): T {
  reply.header('etag', `"${answer.revision}"`);
  return answer;
}

/** The revision that `If-Match` demands; null when any will do. */
export function demandedRevision(header: string | undefined): number | null {
  if (header === undefined || header.trim() === '*') return null;
  const match = /^"(\d{1,9})"$/.exec(header.trim());
  if (match) return Number(match[1]);
  throw new Problem('revision_mismatch', 'If-Match must hold one ETag as it was sent, for example "3".');
}
