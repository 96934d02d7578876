import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import {
  cancelGraceMilliseconds,
  leaseMilliseconds,
  maximumAttempts,
  type SystemPrincipal,
} from '@nohands/domain';
import { DataSource, type EntityManager } from 'typeorm';
import { failureColumns, retryDelay } from './build-claims.store.js';
import { moveBuild, requestSeal } from './build-moves.js';

/** Any number; it only has to be the same in every process. */
const sweepLock = 7_310_002;
/** A look older than this means that nobody could look: the database was away, not the workers. */
const outageMilliseconds = 3_000;

type LostBuild = {
  id: number;
  attempt: number;
  worker_id: string;
  is_cancelled: boolean;
  cancel_reason: string | null;
};

/** What the sweeper changes: builds of lost workers and cancels that nobody acknowledged. */
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
        for (const build of await this.#lostBuilds(manager)) await this.#giveBack(manager, sweeper, build);
        for (const build of await this.#overdueCancels(manager))
          await this.#endUnconfirmed(manager, sweeper, build);
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

  async #lostBuilds(manager: EntityManager): Promise<LostBuild[]> {
    return manager.query(
      `SELECT b.id, b.attempt, a.worker_id, b.cancel_requested_at IS NOT NULL AS is_cancelled, b.cancel_reason
         FROM build_attempts a JOIN builds b ON b.id = a.build_id AND b.attempt = a.attempt AND b.status = 'running'
        WHERE a.ended_at IS NULL AND a.lease_expires_at < now() FOR UPDATE OF b SKIP LOCKED`,
    );
  }

  async #overdueCancels(manager: EntityManager): Promise<LostBuild[]> {
    return manager.query(
      `SELECT b.id, b.attempt, '' AS worker_id, true AS is_cancelled, b.cancel_reason FROM builds b
        WHERE b.status = 'running' AND b.cancel_requested_at < now() - $1 * interval '1 ms' FOR UPDATE SKIP LOCKED`,
      [cancelGraceMilliseconds],
    );
  }

  async #giveBack(manager: EntityManager, sweeper: SystemPrincipal, build: LostBuild): Promise<void> {
    if (build.is_cancelled) return this.#endUnconfirmed(manager, sweeper, build);
    const actor = `system:${sweeper.name}`;
    const reason = `worker ${build.worker_id} was lost`;
    const lost = { buildId: build.id, attempt: build.attempt, from: 'running', actor, reason } as const;
    if (build.attempt < maximumAttempts) {
      await moveBuild(manager, { ...lost, to: 'pending', set: {}, delaySeconds: retryDelay(build.attempt) });
      return;
    }
    const failure = {
      code: 'worker_lost',
      message: `The worker was lost in each of ${maximumAttempts} attempts. See the worker's own log (memory, disk), then build again.`,
      detail: null,
    } as const;
    await moveBuild(manager, {
      ...lost,
      to: 'failed',
      set: failureColumns(failure),
    });
    await requestSeal(manager, build.id);
  }

  async #endUnconfirmed(manager: EntityManager, sweeper: SystemPrincipal, build: LostBuild): Promise<void> {
    await moveBuild(manager, {
      buildId: build.id,
      attempt: build.attempt,
      from: 'running',
      to: 'cancelled',
      set: { stop_confirmed: false },
      actor: `system:${sweeper.name}`,
      reason:
        build.worker_id === ''
          ? 'the worker did not confirm the stop in time'
          : `worker ${build.worker_id} was lost before it confirmed the stop`,
    });
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
       SELECT pg_notify('nohands', json_build_object('kind', 'repository', 'id', id, 'revision', revision)::text) FROM orphaned`,
    );
  }
}
