import { Problem, type RepositoryRole } from '@nohands/domain';
import { brokenConstraint } from '../sql.js';

export type RefreshStatus = 'idle' | 'running' | 'failed';

/** A repository as lists and pages show it; `role` is what the viewer may do with it. */
export type RepositoryRow = {
  readonly id: number;
  readonly ownerId: number | null;
  readonly role: RepositoryRole;
  readonly name: string;
  readonly url: string;
  readonly description: string;
  readonly defaultBranch: string | null;
  readonly dockerfilePath: string;
  readonly imageName: string;
  readonly isActive: boolean;
  readonly isSample: boolean;
  readonly refreshStatus: RefreshStatus;
  /** When the last refresh ended, well or not. */
  readonly refreshedAt: Date | null;
  readonly refreshError: string | null;
  readonly refreshErrorCode: string | null;
  readonly revision: number;
  readonly createdAt: Date;
};

/** SQL expression: the role of the viewer bound as `parameter` in the repository of alias `r`; null for none. */
export function roleSql(parameter: string): string {
  return `CASE WHEN ${parameter}::int IS NULL OR r.owner_id = ${parameter}::int THEN 'owner'
    ELSE (SELECT held.role FROM repository_members held
           WHERE held.repository_id = r.id AND held.user_id = ${parameter}::int) END`;
}

/** Columns of `RepositoryRow` for a statement with `repositories r`, seen by the viewer bound as `parameter`. */
export function repositoryColumns(parameter: string): string {
  return `r.id, r.owner_id AS "ownerId", ${roleSql(parameter)} AS role, r.name, r.url, r.description,
    r.default_branch AS "defaultBranch", r.dockerfile_path AS "dockerfilePath", r.image_name AS "imageName",
    r.is_active AS "isActive", r.is_sample AS "isSample", r.refresh_status AS "refreshStatus",
    r.refreshed_at AS "refreshedAt", r.refresh_error AS "refreshError", r.refresh_error_code AS "refreshErrorCode",
    r.revision, r.created_at AS "createdAt"`;
}

/** The problem of a repository that does not exist or may not be seen. */
export function noSuchRepository(): Problem {
  return new Problem('not_found', 'There is no such repository.');
}

/** Turns the violation of a unique name into its problem and gives every other error back as it is. */
export function repositoryNameTaken(error: unknown): unknown {
  const constraint = brokenConstraint(error);
  if (constraint === 'uq_repositories_name')
    return taken('/name', 'There is already a repository with this name.');
  if (constraint === 'uq_repositories_image_name') {
    return taken('/image_name', 'Another repository already pushes under this image name.');
  }
  return error;
}

function taken(pointer: string, detail: string): Problem {
  return new Problem('conflict', detail, [{ pointer, detail }]);
}
