import type { Principal } from '@nohands/domain';

/**
 * The user whose eyes a query has, or null for those who see everything (administrators and the system).
 * Every store binds it as a parameter of `repositoryIsVisible`, so a query without a viewer is not written by accident.
 */
export function viewerId(principal: Principal): number | null {
  return principal.kind === 'system' || principal.isAdmin ? null : principal.userId;
}

/** SQL condition: the repository in table alias `alias` is visible to the viewer bound as `parameter` (`$1`). */
export function repositoryIsVisible(alias: string, parameter: string): string {
  return `(${parameter}::int IS NULL OR ${alias}.owner_id = ${parameter}::int OR EXISTS (
    SELECT 1 FROM repository_members seen
     WHERE seen.repository_id = ${alias}.id AND seen.user_id = ${parameter}::int))`;
}

/** SQL condition: the viewer bound as `parameter` may trigger and cancel builds of the repository in alias `alias`. */
export function repositoryIsBuildable(alias: string, parameter: string): string {
  return `(${parameter}::int IS NULL OR ${alias}.owner_id = ${parameter}::int OR EXISTS (
    SELECT 1 FROM repository_members may
     WHERE may.repository_id = ${alias}.id AND may.user_id = ${parameter}::int AND may.role IN ('developer', 'owner')))`;
}
