import { isAllowedMove, isFinal, type BuildStatus } from '@nohands/domain';
import type { EntityManager } from 'typeorm';
import { notifyBuildSql } from '../notices.js';

/** A move of one build along the table of moves. */
export type BuildMove = {
  readonly buildId: number;
  /** The fence: the move is refused when another attempt holds the build. Null for moves of pending builds. */
  readonly attempt: number | null;
  readonly from: BuildStatus;
  readonly to: BuildStatus;
  /** Columns written with the move; names are ours, never a user's. */
  readonly set: Readonly<Record<string, unknown>>;
  /** Not to be claimed before this time has passed, in seconds of the database's clock; 0 when absent. */
  readonly delaySeconds?: number;
  /** Why the attempt failed although the build goes on; kept with the attempt. */
  readonly attemptError?: string;
  readonly actor: string;
  readonly reason: string;
};

const cancelTime = ', cancel_requested_at = coalesce(cancel_requested_at, now())';

/**
 * Moves a build by compare-and-set, ends its attempt, keeps the move as an event and tells listeners, in one
 * statement. False when the build is not (or no longer) in `from` under that attempt: nothing was written.
 */
export async function moveBuild(manager: EntityManager, move: BuildMove): Promise<boolean> {
  if (!isAllowedMove(move.from, move.to)) throw new Error(`No move from ${move.from} to ${move.to}`);
  const columns = Object.keys(move.set);
  const assignments = columns.map((column, index) => `, ${column} = $${index + 9}`).join('');
  const times = isFinal(move.to)
    ? `, completed_at = now()${move.to === 'cancelled' ? cancelTime : ''}`
    : ", not_before = now() + $7 * interval '1 s'";
  const rows: unknown[] = await manager.query(
    `WITH moved AS (
       UPDATE builds SET status = $4::text, revision = revision + 1${times}${assignments}
        WHERE id = $1 AND status = $3::text AND $7::int >= 0 AND ($2::int IS NULL OR attempt = $2)
       RETURNING *
     ), ended AS (
       UPDATE build_attempts a SET ended_at = now(), outcome = $4::text, error_code = coalesce($8::text, m.error_code)
         FROM moved m WHERE a.build_id = m.id AND a.attempt = m.attempt AND a.ended_at IS NULL
     ), kept AS (
       INSERT INTO build_events (build_id, revision, from_status, to_status, attempt, actor, reason)
       SELECT id, revision, $3::text, $4::text, attempt, $5::text, $6::text FROM moved
     ), steps AS (
       -- A step whose own end could not be written ends as its build does.
       UPDATE build_steps s SET completed_at = now(),
              status = CASE WHEN $4::text IN ('success', 'cancelled') THEN $4::text ELSE 'failed' END
         FROM moved m WHERE s.build_id = m.id AND s.attempt = m.attempt AND s.status = 'running'
     )
     SELECT m.id, ${notifyBuildSql('m')} FROM moved m`,
    [
      move.buildId,
      move.attempt,
      move.from,
      move.to,
      move.actor,
      move.reason,
      move.delaySeconds ?? 0,
      move.attemptError ?? null,
      ...columns.map((column) => move.set[column]),
    ],
  );
  return rows.length === 1;
}

/** Asks for the log of an ended build to be hashed; goes with the move in one transaction. */
export async function requestSeal(manager: EntityManager, buildId: number): Promise<void> {
  await manager.query(
    `INSERT INTO jobs (kind, subject, payload) VALUES ('seal-log', $1::text, json_build_object('buildId', $1::int))
     ON CONFLICT (kind, subject) WHERE status = 'pending' DO NOTHING`,
    [buildId],
  );
}
