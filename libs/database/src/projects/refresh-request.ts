import type { EntityManager } from 'typeorm';
import { notify } from '../notices.js';
import { readRow, readRows } from '../sql.js';

/**
 * Marks repositories as being refreshed and asks for the work, in the transaction of the caller: a crash leaves both
 * or neither. While a refresh still waits, that one serves.
 */
export async function requestRefreshes(manager: EntityManager, ids: readonly number[]): Promise<void> {
  if (ids.length === 0) return;
  const marked = await readRows<{ id: number; revision: number }>(
    manager,
    `UPDATE repositories SET refresh_status = 'running', revision = revision + 1 WHERE id = ANY($1::int[])
     RETURNING id, revision`,
    [ids],
  );
  const jobs = await readRows<{ id: number }>(
    manager,
    `INSERT INTO jobs (kind, subject, payload)
     SELECT 'refresh-repository', id::text, jsonb_build_object('repositoryId', id) FROM unnest($1::int[]) id
     ON CONFLICT (kind, subject) WHERE status = 'pending' DO UPDATE SET payload = excluded.payload RETURNING id`,
    [marked.map(({ id }) => id)],
  );
  for (const { id, revision } of marked) await notify(manager, { kind: 'repository', id, revision });
  for (const { id } of jobs) await notify(manager, { kind: 'job', id });
}

/** SQL expression: what the status of the repository in alias `r` becomes when a refresh ends as `status`. */
export function statusAfterRefresh(status: 'idle' | 'failed'): string {
  // Who asked meanwhile was promised a fresh look: it still waits.
  return `CASE WHEN EXISTS (SELECT 1 FROM jobs j WHERE j.kind = 'refresh-repository' AND j.subject = r.id::text
    AND j.status = 'pending') THEN 'running' ELSE '${status}' END`;
}

/** Ends a refresh that failed; a repository that is gone is fine. */
export async function recordFailedRefresh(
  manager: EntityManager,
  repositoryId: number,
  failure: { readonly code: string; readonly message: string },
): Promise<void> {
  const row = await readRow<{ revision: number }>(
    manager,
    `UPDATE repositories r SET refresh_status = ${statusAfterRefresh('failed')}, refresh_error_code = $2,
            refresh_error = $3, refreshed_at = now(), revision = revision + 1
      WHERE id = $1 RETURNING revision`,
    [repositoryId, failure.code, failure.message],
  );
  if (row) await notify(manager, { kind: 'repository', id: repositoryId, revision: row.revision });
}
