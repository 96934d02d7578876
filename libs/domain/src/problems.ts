/** Status and title of every error the API can answer (RFC 9457); a code without a row does not compile. */
const catalogue = {
  bad_request: [400, 'The request cannot be read'],
  invalid_cursor: [400, 'The page cursor cannot be read'],
  unauthenticated: [401, 'Sign in or send a valid token'],
  wrong_credentials: [401, 'Email or password is wrong'],
  forbidden: [403, 'You may not do this'],
  foreign_origin: [403, 'The request comes from another site'],
  not_found: [404, 'Not found'],
  method_not_allowed: [405, 'This address does not take that method'],
  conflict: [409, 'That is already taken'],
  setup_done: [409, 'NoHands already has an administrator'],
  already_final: [409, 'The build has already ended'],
  image_not_kept: [409, 'This build has no kept image'],
  link_expired: [410, 'The link was used or has expired'],
  revision_mismatch: [412, 'The object changed since you read it'],
  too_large: [413, 'The request is too large'],
  unsupported_media_type: [415, 'Send JSON'],
  invalid_fields: [422, 'Some fields are invalid'],
  ambiguous_ref: [422, 'The ref fits more than one commit'],
  ref_not_found: [422, 'The ref is not in the repository'],
  deploy_not_configured: [422, 'Deployment is not configured'],
  registry_not_configured: [422, 'No registry is configured'],
  repository_inactive: [422, 'The repository is paused'],
  idempotency_mismatch: [422, 'The idempotency key was used for another request'],
  too_many_requests: [429, 'Too many requests'],
  internal: [500, 'Something went wrong on our side'],
  remote_unreachable: [502, 'The git server does not answer'],
  no_worker: [503, 'No worker answers'],
  unavailable: [503, 'Not ready'],
} as const satisfies Record<string, readonly [number, string]>;

export type ProblemCode = keyof typeof catalogue;

/** HTTP status and title of a problem. */
export function describeProblem(code: ProblemCode): { status: number; title: string } {
  const [status, title] = catalogue[code];
  return { status, title };
}

export const problemCodes = Object.keys(catalogue) as ProblemCode[];

/** One wrong field: where (JSON pointer into the body, or `query:name`) and what is wrong with it. */
export type FieldError = { readonly pointer: string; readonly detail: string };

/** An error that is an answer: thrown by stores and services, written as problem+json at the edge. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly code: ProblemCode;
  readonly errors: readonly FieldError[];

  constructor(code: ProblemCode, detail: string, errors: readonly FieldError[] = []) {
    super(detail);
    this.code = code;
    this.errors = errors;
  }
}
