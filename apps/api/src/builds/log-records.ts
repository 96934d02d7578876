import { decodeChunk, textAfter, type LogChunk, type LogPosition, type LogRecord } from '@nohands/database';
import type { BuildStatus } from '@nohands/domain';
import type { LogEndDto, LogLineDto, LogOmittedDto } from './build-logs.dto.js';

export type LogRecordDto = LogLineDto | LogOmittedDto | LogEndDto;
export type LogFormat = 'text' | 'ndjson';

/** The records of a chunk from the line after `after` on. */
export function toRecords(chunk: LogChunk, after: number): LogRecordDto[] {
  return decodeChunk(chunk, after).map(toRecord);
}

export function toEndRecord({ status, logLines, logSha256 }: LogPosition): LogEndDto {
  return { end: true, status: status as BuildStatus, log_lines: logLines, log_sha256: logSha256 };
}

/** The bytes of a chunk in the form a reader asked for. */
export function formatChunk(chunk: LogChunk, after: number, format: LogFormat): Buffer {
  if (format === 'text') return textAfter(chunk, after);
  return Buffer.from(
    toRecords(chunk, after)
      .map((record) => `${JSON.stringify(record)}\n`)
      .join(''),
  );
}

function toRecord(record: LogRecord): LogRecordDto {
  if ('omitted' in record) return { omitted: record.omitted };
  const { line, time, attempt, step, stream, text, partial } = record.line;
  const at = new Date(time).toISOString();
  return { line, time: at, attempt, step, stream, text, ...(partial ? { partial } : {}) };
}
