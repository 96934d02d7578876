import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import {
  cancelGraceMilliseconds,
  leaseMilliseconds,
  maximumAttempts,
  type SystemPrincipal,
} from '@nohands/domain';
import { DataSource, type EntityManager } from 'typeorm';
import { noticeChannel } from '../notices.js';
import { failureColumns, retryDelay } from './build-claims.store.js';
import { moveBuild, requestSeal } from './build-moves.js';

/** Any number; it only has to be the same in every process. */
const sweepLock = 7_310_002;
/** A look older than this means that nobody could look: the database was away, not the workers. */
const outageMilliseconds = 3_000;

/** A running build that cannot go on under its worker. */
type StuckBuild = {
  readonly id: number;
  readonly attempt: number;
  readonly workerId: string;
  readonly isLost: boolean;
  readonly isCancelled: boolean;
  readonly failedAttempts: number;
  readonly timeoutSeconds: number;
};

/** What the sweeper changes: builds of lost workers, and stops that nobody acknowledged. */
@Injectable()
export class BuildSweepsStore {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /**
   * One look over the running builds, by whichever process gets the lock (the others answer false). After an outage
   * nobody is reaped for one whole lease: the workers get the time to renew.
   */
  async sweep(sweeper: SystemPrincipal): Promise<boolean> {
    return this.dataSource.transaction(async (manager) => {
      const [lock] = await manager.query('SELECT pg_try_advisory_xact_lock($1) AS got', [sweepLock]);
      if (!lock.got) return false;
      if (await this.#mayReap(manager)) {
        for (const build of await this.#stuckBuilds(manager)) await this.#mend(manager, sweeper, build);
        await this.#failOrphanedRefreshes(manager);
      }
      return true;
    });
  }

  /** Notes this look on the database's clock; false while workers still have time after an outage. */
  async #mayReap(manager: EntityManager): Promise<boolean> {
    const [rows]: [{ may_reap: boolean }[], number] = await manager.query(
      `UPDATE sweeps SET looked_at = now(), patient_until =
              CASE WHEN now() - looked_at > $1 * interval '1 ms' THEN now() + $2 * interval '1 ms' ELSE patient_until END
        WHERE id = 1 RETURNING coalesce(patient_until <= now(), true) AS may_reap`,
      [outageMilliseconds, leaseMilliseconds],
    );
    return rows[0]?.may_reap ?? false;
  }

  /** Builds whose lease ran out, and builds that should have stopped (cancel, time-out) and did not. */
  async #stuckBuilds(manager: EntityManager): Promise<StuckBuild[]> {
    return manager.query(
      `SELECT b.id, b.attempt, a.worker_id AS "workerId", a.lease_expires_at < now() AS "isLost",
              b.cancel_requested_at IS NOT NULL AS "isCancelled", b.timeout_seconds AS "timeoutSeconds",
              (SELECT count(*)::int FROM build_attempts e WHERE e.build_id = b.id AND e.error_code IS NOT NULL) AS "failedAttempts"
         FROM builds b JOIN build_attempts a ON a.build_id = b.id AND a.attempt = b.attempt AND a.ended_at IS NULL
        WHERE b.status = 'running' AND (a.lease_expires_at < now()
           OR b.cancel_requested_at < now() - $1 * interval '1 ms'
           OR b.started_at < now() - b.timeout_seconds * interval '1 s' - $1 * interval '1 ms')
          FOR UPDATE OF b SKIP LOCKED`,
      [cancelGraceMilliseconds],
    );
  }

  async #mend(manager: EntityManager, sweeper: SystemPrincipal, build: StuckBuild): Promise<void> {
    const move = {
      buildId: build.id,
      attempt: build.attempt,
      from: 'running',
      actor: `system:${sweeper.name}`,
      reason: build.isLost
        ? `worker ${build.workerId} was lost`
        : 'the worker did not confirm the stop in time',
    } as const;
    const failedAttempts = build.failedAttempts + 1;
    if (build.isLost && !build.isCancelled && failedAttempts < maximumAttempts) {
      const delaySeconds = retryDelay(failedAttempts);
      await moveBuild(manager, {
        ...move,
        to: 'pending',
        set: {},
        delaySeconds,
        attemptError: 'worker_lost',
      });
      return;
    }
    if (build.isCancelled)
      await moveBuild(manager, { ...move, to: 'cancelled', set: { stop_confirmed: false } });
    else await moveBuild(manager, { ...move, to: 'failed', set: failureOf(build) });
    await requestSeal(manager, build.id);
  }

  /** A refresh whose job ended without a word (its worker was lost too often) must not look as if it still ran. */
  async #failOrphanedRefreshes(manager: EntityManager): Promise<void> {
    await manager.query(
      `WITH orphaned AS (
         UPDATE repositories r SET refresh_status = 'failed', refreshed_at = now(), revision = revision + 1, refresh_error_code = 'worker_lost',
                refresh_error = 'The worker was lost while it refreshed. Press Refresh to try again.'
          WHERE r.refresh_status = 'running' AND NOT EXISTS (
            SELECT 1 FROM jobs j WHERE j.kind = 'refresh-repository' AND j.subject = r.id::text AND j.status IN ('pending', 'running'))
         RETURNING id, revision)
       SELECT pg_notify('${noticeChannel}', json_build_object('kind', 'repository', 'id', id, 'revision', revision)::text) FROM orphaned`,
    );
  }
}

function failureOf({ isLost, timeoutSeconds }: StuckBuild): Record<string, unknown> {
  if (isLost) {
    const message = `The worker was lost in each of ${maximumAttempts} attempts. See the worker's own log (memory, disk), then build again.`;
    return failureColumns({ code: 'worker_lost', message, detail: null });
  }
  const message = `The build took longer than ${timeoutSeconds} s and its worker could not say that it stopped.`;
  return { ...failureColumns({ code: 'timeout', message, detail: null }), stop_confirmed: false };
}
