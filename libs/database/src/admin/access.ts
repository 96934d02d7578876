import { Problem, type Principal } from '@nohands/domain';

/** Lets administrators and the system pass; everybody else gets the problem `forbidden`. */
export function requireAdmin(principal: Principal): void {
  if (principal.kind === 'system' || principal.isAdmin) return;
  throw new Problem('forbidden', 'Only an administrator may do this.');
}

/** Lets the user themself, administrators and the system pass; for everybody else there is no such user. */
export function requireSelfOrAdmin(principal: Principal, userId: number): void {
  if (principal.kind === 'user' && principal.userId === userId) return;
  if (principal.kind === 'system' || principal.isAdmin) return;
  throw noSuchUser();
}

/** The problem of a user that does not exist or may not be seen. */
export function noSuchUser(): Problem {
  return new Problem('not_found', 'There is no such user.');
}
