import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { Principal, SystemPrincipal } from '@nohands/domain';
import { DataSource } from 'typeorm';
import { noticeChannel, notifyBuildSql } from '../notices.js';
import { repositoryIsVisible, viewerId } from '../visibility.js';
import type { ChunkRuns, LogChunk } from './log-chunk.js';

/** What one build adds to its log; chunks follow each other without a gap, from `expectedLine` on. */
export type LogAppend = {
  readonly buildId: number;
  readonly attempt: number;
  readonly expectedLine: number;
  readonly chunks: readonly LogChunk[];
};

/** Where a log stands: `nextLine` is the number the next line will get; `isFinal` once the build has ended. */
export type LogPosition = {
  readonly nextLine: number;
  readonly bytes: number;
  readonly attempt: number;
  readonly isFinal: boolean;
  readonly status: string;
  readonly logLines: number | null;
  readonly logSha256: string | null;
};

type ChunkRow = { first_line: number; next_line: number; attempt: number; runs: ChunkRuns; text: Buffer };

const appendStatement = `
  WITH wanted AS (
    SELECT * FROM unnest($1::int[], $2::int[], $3::int[], $4::int[], $5::bigint[])
      AS w (build_id, attempt, expected_line, next_line, bytes)
  ), moved AS (
    UPDATE build_logs l SET next_line = w.next_line, bytes = l.bytes + w.bytes
      FROM wanted w
     WHERE l.build_id = w.build_id AND l.attempt = w.attempt AND l.next_line = w.expected_line
    RETURNING l.build_id, l.next_line
  ), stored AS (
    INSERT INTO build_log_chunks (build_id, first_line, next_line, attempt, runs, text)
    SELECT c.build_id, c.first_line, c.next_line, c.attempt, c.runs, c.text
      FROM unnest($6::int[], $7::int[], $8::int[], $9::int[], $10::jsonb[], $11::bytea[])
        AS c (build_id, first_line, next_line, attempt, runs, text)
      JOIN moved m ON m.build_id = c.build_id
  ), told AS (
    SELECT pg_notify('${noticeChannel}', json_build_object('kind', 'logs',
             'builds', json_agg(json_build_array(build_id, next_line)))::text)
      FROM moved HAVING count(*) > 0
  )
  SELECT build_id FROM moved LEFT JOIN told ON true`;

/** The logs of builds: numbered chunks, appended under the fence of the attempt. */
@Injectable()
export class BuildLogsStore {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /**
   * Appends for several builds in one statement and tells listeners at its commit. Returns the ids whose append was
   * taken; one that is missing is fenced off (a newer attempt writes) or was stored by an earlier try.
   */
  async append(_writer: SystemPrincipal, appends: readonly LogAppend[]): Promise<Set<number>> {
    const chunks = appends.flatMap(({ buildId, chunks }) => chunks.map((chunk) => ({ buildId, ...chunk })));
    const rows: { build_id: number }[] = await this.dataSource.query(appendStatement, [
      appends.map(({ buildId }) => buildId),
      appends.map(({ attempt }) => attempt),
      appends.map(({ expectedLine }) => expectedLine),
      appends.map(({ expectedLine, chunks }) => chunks.at(-1)?.nextLine ?? expectedLine),
      appends.map(({ chunks }) => chunks.reduce((sum, { text }) => sum + text.length, 0)),
      chunks.map(({ buildId }) => buildId),
      chunks.map(({ firstLine }) => firstLine),
      chunks.map(({ nextLine }) => nextLine),
      chunks.map(({ attempt }) => attempt),
      chunks.map(({ runs }) => JSON.stringify(runs)),
      chunks.map(({ text }) => text),
    ]);
    return new Set(rows.map((row) => row.build_id));
  }

  /** Where the log of a build stands; null when the viewer may not see the build. */
  async position(viewer: Principal, buildId: number): Promise<LogPosition | null> {
    const [row] = await this.dataSource.query(
      `SELECT l.next_line, l.bytes::float8 AS bytes, l.attempt, b.status, b.log_lines, b.log_sha256,
              b.status IN ('success', 'failed', 'cancelled') AS is_final
         FROM builds b JOIN build_logs l ON l.build_id = b.id JOIN repositories r ON r.id = b.repository_id
        WHERE b.id = $2 AND ${repositoryIsVisible('r', '$1')}`,
      [viewerId(viewer), buildId],
    );
    if (row === undefined) return null;
    return {
      nextLine: row.next_line,
      bytes: row.bytes,
      attempt: row.attempt,
      isFinal: row.is_final,
      status: row.status,
      logLines: row.log_lines,
      logSha256: row.log_sha256,
    };
  }

  /**
   * Chunks that hold lines after `after`, in order, at most `limit` of them (a chunk is at most 64 KiB);
   * none when the viewer may not see the build.
   */
  async read(viewer: Principal, buildId: number, after: number, limit = 16): Promise<LogChunk[]> {
    const rows: ChunkRow[] = await this.dataSource.query(
      `SELECT c.first_line, c.next_line, c.attempt, c.runs, c.text
         FROM build_log_chunks c JOIN builds b ON b.id = c.build_id JOIN repositories r ON r.id = b.repository_id
        WHERE c.build_id = $2 AND ${repositoryIsVisible('r', '$1')}
          AND c.first_line >= coalesce((SELECT max(first_line) FROM build_log_chunks
                                         WHERE build_id = $2 AND first_line <= $3 + 1), 0)
          AND c.next_line > $3 + 1
        ORDER BY c.first_line LIMIT $4`,
      [viewerId(viewer), buildId, after, limit],
    );
    return rows.map(toChunk);
  }

  /** The last chunks of a log that together hold at least `bytes` of text (or all of it), in order. */
  async tail(viewer: Principal, buildId: number, bytes: number): Promise<LogChunk[]> {
    const rows: ChunkRow[] = await this.dataSource.query(
      `SELECT first_line, next_line, attempt, runs, text FROM (
         SELECT c.*, sum(length(c.text)) OVER (ORDER BY c.first_line DESC) - length(c.text) AS behind
           FROM build_log_chunks c JOIN builds b ON b.id = c.build_id JOIN repositories r ON r.id = b.repository_id
          WHERE c.build_id = $2 AND ${repositoryIsVisible('r', '$1')}) t
        WHERE behind < $3 ORDER BY first_line`,
      [viewerId(viewer), buildId, bytes],
    );
    return rows.map(toChunk);
  }

  /** Writes what the seal found; only once, and only for a build that has ended. */
  async seal(_sealer: SystemPrincipal, buildId: number, lines: number, sha256: string): Promise<void> {
    await this.dataSource.query(
      `WITH sealed AS (
         UPDATE builds SET log_lines = $2, log_sha256 = $3, revision = revision + 1
          WHERE id = $1 AND log_sha256 IS NULL AND status IN ('success', 'failed', 'cancelled')
         RETURNING id, repository_id, revision)
       SELECT ${notifyBuildSql('sealed')} FROM sealed`,
      [buildId, lines, sha256],
    );
  }
}

function toChunk(row: ChunkRow): LogChunk {
  return {
    firstLine: row.first_line,
    nextLine: row.next_line,
    attempt: row.attempt,
    runs: row.runs,
    text: row.text,
  };
}
