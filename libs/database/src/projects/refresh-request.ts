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

/**
 * Locks a repository's row until the end of the transaction, so that the next statement sees every request for a
 * refresh that was written under this lock before. False when the repository is gone.
 */
export async function lockRepository(manager: EntityManager, id: number): Promise<boolean> {
  const row = await readRow(manager, 'SELECT 1 FROM repositories WHERE id = $1 FOR NO KEY UPDATE', [id]);
  return row !== null;
}

/** SQL expression, under `lockRepository`: what the status of the repository in alias `r` becomes when a refresh ends as `status`. */
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
  if (!(await lockRepository(manager, repositoryId))) return;
  const row = await readRow<{ revision: number }>(
    manager,
    `UPDATE repositories r SET refresh_status = ${statusAfterRefresh('failed')}, refresh_error_code = $2,
            refresh_error = $3, refreshed_at = now(), revision = revision + 1
      WHERE id = $1 RETURNING revision`,
    [repositoryId, failure.code, failure.message],
  );
  if (row) await notify(manager, { kind: 'repository', id: repositoryId, revision: row.revision });
}
