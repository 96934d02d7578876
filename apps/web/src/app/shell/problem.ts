import { HttpErrorResponse } from '@angular/common/http';
import type { FieldErrorDto } from '@nohands/api-client';

/** What went wrong, for people: the server's problem+json, or the fact that it did not answer. */
export type Problem = {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  readonly errors: readonly FieldErrorDto[];
};

const silence: Problem = {
  status: 0,
  code: 'no_answer',
  title: 'NoHands does not answer',
  detail: 'Check that it is running and that this machine reaches it. What you see may be out of date.',
  errors: [],
};

/** Reads what a failed call of the generated client threw. */
export function readProblem(error: unknown): Problem {
  if (!(error instanceof HttpErrorResponse))
    return { ...silence, code: 'client_error', title: 'The dashboard failed', detail: String(error) };
  if (error.status === 0) return silence;
  const body = parseBody(error.error);
  return {
    status: error.status,
    code: textOf(body['code']) ?? `http_${error.status}`,
    title: textOf(body['title']) ?? `The server answered ${error.status}`,
    detail: textOf(body['detail']) ?? 'Try again; if it stays so, look into the log of the server.',
    errors: Array.isArray(body['errors']) ? body['errors'].filter(isFieldError) : [],
  };
}

// A call that expects text or nothing gets the problem as a string.
function parseBody(body: unknown): Record<string, unknown> {
  if (typeof body === 'object' && body !== null) return body as Record<string, unknown>;
  if (typeof body !== 'string') return {};
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : {};
  } catch {
    return {}; // Not JSON: a proxy's own error page.
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function isFieldError(value: unknown): value is FieldErrorDto {
  return (
    typeof value === 'object' &&
    value !== null &&
    'pointer' in value &&
    typeof value.pointer === 'string' &&
    'detail' in value &&
    typeof value.detail === 'string'
  );
}
