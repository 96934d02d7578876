import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import {
  jobLeaseMilliseconds,
  type JobKind,
  type JobPayloads,
  type JobResults,
  type Principal,
  type SystemPrincipal,
} from '@nohands/domain';
import { DataSource } from 'typeorm';
import { noticeChannel } from '../notices.js';

export type ClaimedJob<Kind extends JobKind = JobKind> = {
  readonly [K in Kind]: {
    readonly id: number;
    readonly kind: K;
    readonly attempt: number;
    readonly payload: JobPayloads[K];
  };
}[Kind];

/** How a piece of leased work ended. */
export type JobOutcome<Kind extends JobKind> =
  | { readonly status: 'pending' | 'running' }
  | { readonly status: 'done'; readonly result: JobResults[Kind] }
  | { readonly status: 'failed'; readonly errorCode: string; readonly errorMessage: string };

const mostAttempts = 3;

/** Leased work beside builds: refreshes, look-ups, seals. The same claim, lease and fence as builds. */
@Injectable()
export class JobsStore {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /**
   * Asks for work and answers the id of its row. While the same work (kind and subject) still waits, that row is
   * answered: it has not looked yet, so it will see what the caller saw.
   */
  async request<Kind extends JobKind>(
    _actor: Principal,
    kind: Kind,
    subject: string,
    payload: JobPayloads[Kind],
  ): Promise<number> {
    const [row] = await this.dataSource.query(
      `WITH made AS (
         INSERT INTO jobs (kind, subject, payload) VALUES ($1, $2, $3)
         ON CONFLICT (kind, subject) WHERE status = 'pending' DO UPDATE SET payload = excluded.payload RETURNING id)
       SELECT id, pg_notify('${noticeChannel}', json_build_object('kind', 'job', 'id', id)::text) FROM made`,
      [kind, subject, JSON.stringify(payload)],
    );
    return row.id;
  }

  /** How a piece of work stands; null when the row is gone. */
  async outcome<Kind extends JobKind>(
    _viewer: Principal,
    _kind: Kind,
    id: number,
  ): Promise<JobOutcome<Kind> | null> {
    const [row] = await this.dataSource.query(
      `SELECT status, result, error_code AS "errorCode", error_message AS "errorMessage" FROM jobs WHERE id = $1`,
      [id],
    );
    return row ?? null;
  }

  /** Claims the oldest waiting work of these kinds, or null. Two pieces with one subject never run at once. */
  async claim(
    _worker: SystemPrincipal,
    workerId: string,
    kinds: readonly JobKind[],
  ): Promise<ClaimedJob | null> {
    const [rows]: [ClaimedJob[], number] = await this.dataSource.query(
      `UPDATE jobs SET status = 'running', attempt = attempt + 1, worker_id = $1, not_before = NULL,
              lease_expires_at = clock_timestamp() + $3 * interval '1 ms'
        WHERE id = (SELECT j.id FROM jobs j
                     WHERE j.status = 'pending' AND j.kind = ANY($2) AND (j.not_before IS NULL OR j.not_before <= now())
                       AND NOT EXISTS (SELECT 1 FROM jobs o WHERE o.status = 'running' AND o.kind = j.kind AND o.subject = j.subject)
                     ORDER BY j.id LIMIT 1 FOR UPDATE SKIP LOCKED)
       RETURNING id, kind, attempt, payload`,
      [workerId, kinds, jobLeaseMilliseconds],
    );
    return rows[0] ?? null;
  }

  /** Ends claimed work; false when the claim was lost meanwhile. */
  async finish(worker: SystemPrincipal, job: ClaimedJob, result: JobResults[JobKind]): Promise<boolean> {
    return this.#end(worker, job, {
      status: 'done',
      result: JSON.stringify(result),
      code: null,
      message: null,
    });
  }

  /** Ends claimed work that failed for good; false when the claim was lost meanwhile. */
  async fail(worker: SystemPrincipal, job: ClaimedJob, code: string, message: string): Promise<boolean> {
    return this.#end(worker, job, { status: 'failed', result: null, code, message });
  }

  /** Gives work of dead workers back, or ends it after three attempts. Old finished rows go. */
  async reapLost(_sweeper: SystemPrincipal): Promise<void> {
    await this.dataSource.query(
      `WITH lost AS (
         SELECT j.id FROM jobs j WHERE j.status = 'running' AND j.lease_expires_at < now() FOR UPDATE SKIP LOCKED
       ), doubled AS (
         -- The same work was asked for again meanwhile: the waiting row does it.
         SELECT l.id FROM lost l JOIN jobs j ON j.id = l.id
          WHERE EXISTS (SELECT 1 FROM jobs p WHERE p.status = 'pending' AND p.kind = j.kind AND p.subject = j.subject))
       UPDATE jobs SET status = CASE WHEN attempt >= ${mostAttempts} OR id IN (SELECT id FROM doubled) THEN 'failed' ELSE 'pending' END,
              error_code = 'worker_lost', error_message = 'The worker that did this was lost.',
              completed_at = CASE WHEN attempt >= ${mostAttempts} OR id IN (SELECT id FROM doubled) THEN now() END
        WHERE id IN (SELECT id FROM lost)`,
    );
    await this.dataSource.query(`DELETE FROM jobs WHERE completed_at < now() - interval '1 day'`);
  }

  /** How many pieces of these kinds wait and could start now. */
  async countWaiting(_sweeper: SystemPrincipal, kinds: readonly JobKind[]): Promise<number> {
    const [row] = await this.dataSource.query(
      `SELECT count(*)::int AS count FROM jobs
        WHERE status = 'pending' AND kind = ANY($1) AND (not_before IS NULL OR not_before <= now())`,
      [kinds],
    );
    return row.count;
  }

  async #end(
    _worker: SystemPrincipal,
    job: ClaimedJob,
    end: { status: 'done' | 'failed'; result: string | null; code: string | null; message: string | null },
  ): Promise<boolean> {
    const rows: unknown[] = await this.dataSource.query(
      `WITH ended AS (
         UPDATE jobs SET status = $3, result = $4, error_code = $5, error_message = $6, completed_at = now(), lease_expires_at = NULL
          WHERE id = $1 AND attempt = $2 AND status = 'running' RETURNING id)
       SELECT id, pg_notify('${noticeChannel}', json_build_object('kind', 'job', 'id', id)::text) FROM ended`,
      [job.id, job.attempt, end.status, end.result, end.code, end.message],
    );
    return rows.length === 1;
  }
}
