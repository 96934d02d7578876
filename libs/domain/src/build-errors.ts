/** Why a build ended `failed`, or was refused; stable, for machines. The sentence for people is `error_message`. */
export const buildErrorCodes = [
  'dockerfile_not_found',
  'dockerfile_invalid',
  'unsafe_path',
  'target_not_found',
  'base_image_not_found',
  'base_image_denied',
  'copy_source_not_found',
  'step_failed',
  'unsupported_option',
  'commit_not_found',
  'repository_not_found',
  'repository_denied',
  'remote_unreachable',
  'blocked_address',
  'timeout',
  'push_denied',
  'push_rejected',
  'push_unavailable',
  'registry_unreachable',
  'engine_unavailable',
  'engine_unsafe',
  'engine_failed',
  'worker_lost',
  'no_space',
  'limit_exceeded',
  'internal',
] as const;
export type BuildErrorCode = (typeof buildErrorCodes)[number];

/** Failures of the infrastructure, not of the user's code: a build that meets one is tried again. */
const retryable: ReadonlySet<BuildErrorCode> = new Set([
  'worker_lost',
  'engine_unavailable',
  'registry_unreachable',
]);

/** True when another attempt may end differently without anybody changing anything. */
export function isRetryable(code: BuildErrorCode): boolean {
  return retryable.has(code);
}

/**
 * The one error of everything a build does: a stable code, one sentence (what happened, why, what to do next)
 * and optionally the last lines of the output. All three are shown to users: never put a secret in.
 */
export class BuildError extends Error {
  override readonly name = 'BuildError';
  readonly code: BuildErrorCode;
  readonly detail: string | null;

  constructor(code: BuildErrorCode, message: string, detail: string | null = null, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.detail = detail;
  }
}
