import { setTimeout as wait } from 'node:timers/promises';
import { QueryFailedError } from 'typeorm';

const retryMilliseconds = 500;

/**
 * Asks the database until it answers: an answer, also a refusal, ends the wait; a lost connection does not. For writes
 * that are safe to repeat. Rejects when `signal` aborts or the statement itself is wrong.
 */
export async function untilAnswered<Answer>(
  signal: AbortSignal,
  ask: () => Promise<Answer>,
): Promise<Answer> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!isOutage(error)) throw error;
      signal.throwIfAborted();
      await wait(retryMilliseconds, undefined, { signal });
    }
  }
}

/** SQLSTATE classes of a server that is away, starting, stopping or out of connections; no SQLSTATE: no answer at all. */
const outageClasses = new Set(['08', '53', '57']);

function isOutage(error: unknown): boolean {
  const cause: unknown = error instanceof QueryFailedError ? error.driverError : error;
  const code = (cause as { code?: unknown } | null)?.code;
  if (typeof code !== 'string') return true;
  return code.length !== 5 || outageClasses.has(code.slice(0, 2));
}
