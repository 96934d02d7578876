import { Problem } from '@nohands/domain';

/**
 * What an error of the database means to whoever asked: the problem to answer with, or null when it is a mistake of
 * ours (or not of the database at all). For the edge, where nothing but a mistake may become a 500.
 */
export function problemOfDatabaseError(error: unknown): Problem | null {
  const code = codeOf(error);
  if (code === null) return isLostConnection(error) ? away() : null;
  switch (code) {
    case '22021': // invalid byte sequence: NUL in a text
    case '22P05': // the same as \u0000 in JSON
      return new Problem(
        'bad_request',
        'A text holds a NUL character, which cannot be stored or looked for.',
      );
    case '22003': // a number beyond the integers of the database: no row has such a key
      return new Problem('not_found', 'There is nothing with this number.');
    case '23503': // foreign key
      return new Problem('not_found', 'What this refers to was deleted meanwhile.');
    case '40001': // serialisation failure
    case '40P01': // deadlock
    case '55P03': // lock not available
      return new Problem('unavailable', 'Others were changing the same thing. Try again.');
    case '57014': // statement timeout
      return new Problem('unavailable', 'The database took too long to answer. Try again in a moment.');
    default:
      return isAwayCode(code) || isMissingSocket(error) ? away() : null;
  }
}

const awayCodes = [
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
];

/** Class 08: connection; 53: out of connections, memory or disk; 57P: shutting down, crashed or starting up. */
function isAwayCode(code: string): boolean {
  return /^(08|53|57P)/.test(code) || awayCodes.includes(code);
}

/** ENOENT alone could be any file. */
function isMissingSocket(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error && error.syscall === 'connect';
}

// The pool of pg gives these without a code.
const lostConnection =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Driver not Connected)/i;

function isLostConnection(error: unknown): boolean {
  return error instanceof Error && lostConnection.test(error.message);
}

function codeOf(error: unknown): string | null {
  // A host with several addresses fails with all their errors at once.
  if (error instanceof AggregateError && !('code' in error)) return codeOf(error.errors[0]);
  if (typeof error !== 'object' || error === null || !('code' in error)) return null;
  return typeof error.code === 'string' ? error.code : null;
}

function away(): Problem {
  return new Problem(
    'unavailable',
    'The database does not answer at the moment. Try again in a few seconds.',
  );
}
