import { GitError } from './git-error.js';

const notFound =
  'There is no git repository at this address. Check the address; it may also be private and need credentials.';

/** The typed error for an HTTP status, or null when the answer may be read. */
export function readHttpFailure(status: number, hadCredentials: boolean): GitError | null {
  if (status === 200) return null;
  if (status === 401 || status === 403) {
    const sentence = hadCredentials
      ? 'The git server refuses the credentials. Check user name, password or token of the repository.'
      : 'The git server wants credentials: the repository is private or does not exist. Check the address, or give a user name and a token.';
    return new GitError('repository_denied', sentence);
  }
  // 203 is the sign-in page that Azure DevOps shows to strangers.
  if (status === 203)
    return new GitError(
      'repository_denied',
      'The git server wants credentials. Give a user name and a token.',
    );
  if (status === 404 || status === 410) return new GitError('repository_not_found', notFound);
  return new GitError(
    'remote_unreachable',
    `The git server answers with HTTP status ${status}. Try again later.`,
  );
}

/** The typed error for what went wrong in a conversation over HTTP; an unknown error is given back as it is. */
export function readConnectionFailure(error: unknown): unknown {
  if (error instanceof GitError || !(error instanceof Error)) return error;
  const code = readCode(error);
  const unreachable = (sentence: string) =>
    new GitError('remote_unreachable', sentence, null, { cause: error });
  if (/^(SmartHttpError|ParseError|EmptyServerResponseError)$/.test(code))
    return new GitError('repository_not_found', notFound);
  if (/^(ENOTFOUND|EAI_AGAIN|EAI_NODATA)$/.test(code)) {
    return unreachable('The host name of the git server cannot be found. Check the address.');
  }
  if (code === 'ECONNREFUSED')
    return unreachable('The git server refuses the connection. Does it run, and is the port right?');
  if (/CERT|SSL|TLS|SIGNATURE|ISSUER|EPROTO/.test(code)) {
    return unreachable(
      'The certificate of the git server cannot be trusted. Check it, or have its authority installed on the worker.',
    );
  }
  if (/^(E[A-Z]+|HPE_[A-Z_]+|ERR_STREAM_PREMATURE_CLOSE)$/.test(code)) {
    return unreachable('The git server does not answer, or the connection broke. Try again later.');
  }
  return error;
}

function readCode(error: Error): string {
  const own = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (own !== '' || !(error instanceof AggregateError)) return own;
  const inner: unknown = error.errors[0];
  return inner instanceof Error ? readCode(inner) : '';
}
