import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import { invalidField } from './api-problems.errors.js';
import type { ApiRequest } from './request.js';

/** Declares the optional `Idempotency-Key`. */
export const TakesIdempotencyKey = () =>
  ApiHeader({
    name: 'Idempotency-Key',
    required: false,
    schema: { type: 'string', maxLength: 200 },
    description: 'The same key with the same request answers the same object',
  });

/** The key of this request, or null; 422 for one that is empty, long or not plain ASCII. */
export const IdempotencyKey = createParamDecorator((_: unknown, context: ExecutionContext): string | null => {
  const key = context.switchToHttp().getRequest<ApiRequest>().headers['idempotency-key'];
  if (key === undefined) return null;
  if (typeof key === 'string' && /^[\x21-\x7e]{1,200}$/.test(key)) return key;
  throw invalidField('header:Idempotency-Key', 'must be 1 to 200 visible ASCII characters');
});
