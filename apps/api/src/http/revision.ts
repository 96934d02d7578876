import {
  applyDecorators,
  createParamDecorator,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import { Problem } from '@nohands/domain';
import { tap, type Observable } from 'rxjs';
import type { ApiReply, ApiRequest } from './request.js';

/** Declares the optional `If-Match`. */
export const TakesRevision = () =>
  applyDecorators(
    ApiHeader({
      name: 'If-Match',
      required: false,
      schema: { type: 'string' },
      description: 'The ETag last read; 412 when the object changed since',
    }),
  );

/** The revision that `If-Match` demands; null when any will do. */
export const DemandedRevision = createParamDecorator((_: unknown, context: ExecutionContext) =>
  readIfMatch(context.switchToHttp().getRequest<ApiRequest>().headers['if-match']),
);

function readIfMatch(header: string | undefined): number | null {
  if (header === undefined || header.trim() === '*') return null;
  const match = /^"(\d{1,9})"$/.exec(header.trim());
  if (match) return Number(match[1]);
  throw new Problem('revision_mismatch', 'If-Match must hold one ETag as it was sent, for example "3".');
}

/** Sends the revision of whatever is answered as its ETag. */
export class RevisionTag implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(
      tap((answer: unknown) => {
        const revision = (answer as { revision?: unknown } | null | undefined)?.revision;
        if (typeof revision !== 'number') return;
        context.switchToHttp().getResponse<ApiReply>().header('etag', `"${revision}"`);
      }),
    );
  }
}
