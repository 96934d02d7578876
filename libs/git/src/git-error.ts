/** Which thing went wrong with a repository; stable, for machines. */
export const gitErrorCodes = [
  'remote_unreachable',
  'repository_denied',
  'repository_not_found',
  'blocked_address',
  'url_not_allowed',
  'commit_not_found',
  'ref_not_found',
  'ambiguous_ref',
  'path_not_found',
  'no_space',
  'mirror_damaged',
  'mirror_busy',
  'internal',
] as const;
export type GitErrorCode = (typeof gitErrorCodes)[number];

/**
 * The one error of this library: a stable code, one sentence for people (what happened, why, what next) and
 * optionally git's own last words. None of them holds a credential.
 */
export class GitError extends Error {
  override readonly name = 'GitError';
  readonly code: GitErrorCode;
  readonly detail: string | null;

  constructor(code: GitErrorCode, message: string, detail: string | null = null, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.detail = detail;
  }
}

/** True for a `GitError` with one of these codes. */
export function isGitError(error: unknown, ...codes: readonly GitErrorCode[]): error is GitError {
  return error instanceof GitError && (codes.length === 0 || codes.includes(error.code));
}
