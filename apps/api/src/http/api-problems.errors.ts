import { Problem, type FieldError } from '@nohands/domain';

/** 429: `Retry-After` says how long. */
export class TooManyRequests extends Problem {
  readonly retryAfterSeconds: number;

  constructor(detail: string, retryAfterSeconds: number) {
    super('too_many_requests', detail);
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** 405: `Allow` says what the address takes. */
export class MethodNotAllowed extends Problem {
  readonly allowed: readonly string[];

  constructor(allowed: readonly string[]) {
    super('method_not_allowed', `This address takes ${allowed.join(', ')}.`);
    this.allowed = allowed;
  }
}

/** 422 for one field. */
export function invalidField(pointer: string, detail: string): Problem {
  return new Problem('invalid_fields', detail, [{ pointer, detail }]);
}

/** 422 for several fields at once. */
export function invalidFields(errors: readonly FieldError[]): Problem {
  const [first] = errors;
  const rest = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  return new Problem(
    'invalid_fields',
    first ? `${first.pointer}: ${first.detail}${rest}` : 'Invalid.',
    errors,
  );
}
