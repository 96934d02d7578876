export type EmbeddedErrorCode =
  | 'postgres_not_supported'
  | 'postgres_not_started'
  | 'postgres_not_stopped'
  | 'data_dir_copied'
  | 'data_dir_closed'
  | 'service_user_missing'
  | 'redis_not_started';

/** Why an embedded server does not run: what happened, why, and what to do; never a secret. */
export class EmbeddedError extends Error {
  override readonly name = 'EmbeddedError';
  readonly code: EmbeddedErrorCode;

  constructor(code: EmbeddedErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
