import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { Principal, SystemPrincipal } from '@nohands/domain';
import { DataSource } from 'typeorm';
import { noticeChannel } from '../notices.js';

export type EngineState = {
  readonly name: string;
  readonly version: string | null;
  readonly ready: boolean;
  readonly reason: string | null;
  readonly warnings: readonly string[];
};

export type WorkerIdentity = {
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  readonly version: string;
  readonly slots: number;
};

export type WorkerRow = WorkerIdentity & {
  readonly engine: EngineState | null;
  readonly startedAt: Date;
  readonly heartbeatAt: Date;
  readonly isAlive: boolean;
  /** Ids of the builds in hand. */
  readonly builds: readonly number[];
};

/** What a worker has in hand at this moment. */
export type HeldWork = { readonly buildIds: readonly number[]; readonly jobIds: readonly number[] };

/** A build whose cancellation somebody asked for, as the heartbeat reports it to the worker that holds it. */
export type HeldBuild = {
  readonly buildId: number;
  readonly attempt: number;
  readonly cancelReason: string | null;
};

/** The workers, their heartbeats and what their engines can do. */
@Injectable()
export class WorkersStore {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  async register(_worker: SystemPrincipal, worker: WorkerIdentity): Promise<void> {
    await this.dataSource.query(
      `INSERT INTO workers (id, host, pid, version, slots) VALUES ($1, $2, $3, $4, $5)`,
      [worker.id, worker.host, worker.pid, worker.version, worker.slots],
    );
    await this.dataSource.query(`DELETE FROM workers WHERE heartbeat_at < now() - interval '1 day'`);
  }

  async reportEngine(_worker: SystemPrincipal, workerId: string, engine: EngineState): Promise<void> {
    await this.dataSource.query(
      `WITH told AS (
         UPDATE workers SET engine_name = $2, engine_version = $3, engine_ready = $4, engine_reason = $5, engine_warnings = $6
          WHERE id = $1 RETURNING id)
       SELECT pg_notify('${noticeChannel}', '{"kind":"queue"}') FROM told`,
      [workerId, engine.name, engine.version, engine.ready, engine.reason, engine.warnings],
    );
  }

  /**
   * Renews the worker and the leases of what it really has in hand, in one statement on the database's clock: a claim
   * whose answer got lost is nobody's and expires. Answers the builds it still holds, and which of them are to be
   * stopped; one that is missing was taken away.
   */
  async renew(
    _worker: SystemPrincipal,
    workerId: string,
    held: HeldWork,
    leaseMs: number,
  ): Promise<HeldBuild[]> {
    return this.dataSource.query(
      `WITH alive AS (UPDATE workers SET heartbeat_at = clock_timestamp() WHERE id = $1
       ), jobs_held AS (
         UPDATE jobs SET lease_expires_at = clock_timestamp() + $2 * interval '1 ms'
          WHERE worker_id = $1 AND status = 'running' AND id = ANY($3::int[])
       ), held AS (
         UPDATE build_attempts SET heartbeat_at = clock_timestamp(), lease_expires_at = clock_timestamp() + $2 * interval '1 ms'
          WHERE worker_id = $1 AND ended_at IS NULL AND build_id = ANY($4::int[]) RETURNING build_id, attempt)
       SELECT h.build_id AS "buildId", h.attempt,
              CASE WHEN b.cancel_requested_at IS NOT NULL THEN b.cancel_reason END AS "cancelReason"
         FROM held h JOIN builds b ON b.id = h.build_id AND b.attempt = h.attempt AND b.status = 'running'`,
      [workerId, leaseMs, held.jobIds, held.buildIds],
    );
  }

  async markStopped(_worker: SystemPrincipal, workerId: string): Promise<void> {
    await this.dataSource.query(`UPDATE workers SET stopped_at = now() WHERE id = $1`, [workerId]);
  }

  /** Workers that run, or were lost within the last hour; alive means a heartbeat within 30 s. */
  async list(_viewer: Principal): Promise<WorkerRow[]> {
    const rows: (WorkerIdentity & Record<string, unknown>)[] = await this.dataSource.query(
      `SELECT w.id, w.host, w.pid, w.version, w.slots, w.engine_name, w.engine_version, w.engine_ready, w.engine_reason,
              w.engine_warnings, w.started_at, w.heartbeat_at, w.heartbeat_at > now() - interval '30 s' AS is_alive,
              coalesce((SELECT array_agg(a.build_id ORDER BY a.build_id) FROM build_attempts a
                         WHERE a.worker_id = w.id AND a.ended_at IS NULL), '{}') AS builds
         FROM workers w WHERE w.stopped_at IS NULL AND w.heartbeat_at > now() - interval '1 hour' ORDER BY w.started_at, w.id`,
    );
    return rows.map(toWorkerRow);
  }
}

function toWorkerRow(row: WorkerIdentity & Record<string, unknown>): WorkerRow {
  return {
    id: row.id,
    host: row.host,
    pid: row.pid,
    version: row.version,
    slots: row.slots,
    engine:
      row['engine_name'] === null
        ? null
        : {
            name: row['engine_name'] as string,
            version: row['engine_version'] as string | null,
            ready: row['engine_ready'] as boolean,
            reason: row['engine_reason'] as string | null,
            warnings: row['engine_warnings'] as string[],
          },
    startedAt: row['started_at'] as Date,
    heartbeatAt: row['heartbeat_at'] as Date,
    isAlive: row['is_alive'] as boolean,
    builds: row['builds'] as number[],
  };
}
