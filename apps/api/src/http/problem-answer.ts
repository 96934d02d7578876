import { HttpException } from '@nestjs/common';
import { describeProblem, Problem, type ProblemCode } from '@nohands/domain';
import { MethodNotAllowed, TooManyRequests } from './api-problems.errors.js';
import type { ProblemDto } from './problem.dto.js';
import type { ApiReply, ApiRequest } from './request.js';

export const problemType = 'application/problem+json';

/** Writes a problem as the answer of a request, with the headers that belong to its status. */
export function answerProblem(request: ApiRequest, reply: ApiReply, problem: Problem): void {
  const { status, title } = describeProblem(problem.code);
  if (status === 401) reply.header('www-authenticate', 'Bearer realm="NoHands"');
  if (problem instanceof TooManyRequests) reply.header('retry-after', String(problem.retryAfterSeconds));
  if (problem instanceof MethodNotAllowed) reply.header('allow', problem.allowed.join(', '));
  const body: ProblemDto = {
    type: 'about:blank',
    title,
    status,
    detail: problem.message,
    code: problem.code,
    errors: problem.errors.map(({ pointer, detail }) => ({ pointer, detail })),
    request_id: request.id,
  };
  reply.removeHeader('etag');
  reply.header('cache-control', 'no-store');
  reply.status(status).type(problemType).serializer(JSON.stringify).send(body);
}

const codesByStatus: Record<number, ProblemCode> = {
  404: 'not_found',
  405: 'method_not_allowed',
  413: 'too_large',
  415: 'unsupported_media_type',
  429: 'too_many_requests',
};

const details: Partial<Record<ProblemCode, string>> = {
  bad_request: 'The request cannot be read: look at its JSON and its address.',
  not_found: 'There is nothing at this address.',
  too_large: 'The body is larger than 1 MiB.',
  unsupported_media_type: 'Send the body as JSON with `Content-Type: application/json`.',
};

/** The problem that any thrown thing stands for; null for what nobody foresaw. */
export function toProblem(error: unknown): Problem | null {
  if (error instanceof Problem) return error;
  if (isDatabaseAway(error)) {
    return new Problem(
      'unavailable',
      'The database does not answer at the moment. Try again in a few seconds.',
    );
  }
  const status = error instanceof HttpException ? error.getStatus() : statusOf(error);
  if (status === null || status < 400 || status >= 500) return null;
  const code = codesByStatus[status] ?? 'bad_request';
  return new Problem(code, details[code] ?? details.bad_request ?? '');
}

function statusOf(error: unknown): number | null {
  const status = (error as { statusCode?: unknown } | null)?.statusCode;
  return typeof status === 'number' ? status : null;
}

/** For the log: never the error as a whole, for a failed query carries its parameters. */
export function describeFault(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

const connectionCalls = new Set<unknown>(['connect', 'read', 'write']);
const awayCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOENT',
  'EPIPE',
  '57P01',
  '57P02',
  '57P03',
  '53300',
]);

/** True when Postgres is being restarted or cannot be reached, which is nobody's mistake. */
export function isDatabaseAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code, syscall } = error as { code?: unknown; syscall?: unknown };
  const isQuery = 'query' in error || 'severity' in error || connectionCalls.has(syscall);
  if (isQuery && typeof code === 'string' && awayCodes.has(code)) return true;
  return /Connection terminated|timeout exceeded when trying to connect/.test(error.message);
}
