import type { CutLine, LogLine, LogStream, OmittedLines } from '@nohands/domain';

/**
 * A run: so many lines of one time, step and stream. `partialBytes` stands only on a run of one partial line,
 * whose text has no line end in the chunk, and says how long it is.
 */
export type LineRun = readonly [
  count: number,
  time: number,
  step: number | null,
  stream: 0 | 1 | 2,
  partialBytes?: number,
];

/** What describes the text of a chunk: runs of lines, or a declared gap. */
export type ChunkRuns = { readonly lines: readonly LineRun[] } | { readonly omittedBytes: number };

/** A stretch of a build's log: lines `firstLine` up to, not including, `nextLine`; `text` is exactly the log text. */
export type LogChunk = {
  readonly firstLine: number;
  readonly nextLine: number;
  readonly attempt: number;
  readonly runs: ChunkRuns;
  readonly text: Buffer;
};

export type LogRecord = { readonly line: LogLine } | { readonly omitted: OmittedLines };

const streams: readonly LogStream[] = ['stdout', 'stderr', 'system'];
const lineEnd = 0x0a;

/** Packs lines that follow each other into one chunk. */
export function encodeChunk(lines: readonly CutLine[], firstLine: number, attempt: number): LogChunk {
  const runs: [number, number, number | null, 0 | 1 | 2, number?][] = [];
  const parts: string[] = [];
  for (const line of lines) {
    const stream = streams.indexOf(line.stream) as 0 | 1 | 2;
    parts.push(line.text);
    if (line.partial) {
      runs.push([1, line.time, line.step, stream, Buffer.byteLength(line.text)]);
      continue;
    }
    parts.push('\n');
    const last = runs.at(-1);
    if (
      last !== undefined &&
      last.length === 4 &&
      last[1] === line.time &&
      last[2] === line.step &&
      last[3] === stream
    )
      last[0] += 1;
    else runs.push([1, line.time, line.step, stream]);
  }
  return {
    firstLine,
    nextLine: firstLine + lines.length,
    attempt,
    runs: { lines: runs },
    text: Buffer.from(parts.join('')),
  };
}

/** The chunk that declares lines dropped over the size cap; its text is the fixed marker line. */
export function encodeOmission(omitted: OmittedLines, attempt: number): LogChunk {
  const count = omitted.to - omitted.from + 1;
  return {
    firstLine: omitted.from,
    nextLine: omitted.to + 1,
    attempt,
    runs: { omittedBytes: omitted.bytes },
    text: Buffer.from(
      `[nohands: ${count} lines (${omitted.bytes} bytes) omitted, the log is over its size limit]\n`,
    ),
  };
}

/** Unpacks a chunk, leaving out lines up to and including `after`. */
export function decodeChunk(chunk: LogChunk, after = 0): LogRecord[] {
  if ('omittedBytes' in chunk.runs) {
    return [{ omitted: { from: chunk.firstLine, to: chunk.nextLine - 1, bytes: chunk.runs.omittedBytes } }];
  }
  const records: LogRecord[] = [];
  let line = chunk.firstLine;
  let offset = 0;
  for (const [count, time, step, stream, partialBytes] of chunk.runs.lines) {
    for (let index = 0; index < count; index += 1, line += 1) {
      const end = partialBytes === undefined ? chunk.text.indexOf(lineEnd, offset) : offset + partialBytes;
      if (line > after) {
        const text = chunk.text.toString('utf8', offset, end);
        const partial = partialBytes !== undefined;
        records.push({
          line: {
            line,
            attempt: chunk.attempt,
            time,
            step,
            stream: streams[stream] ?? 'system',
            text,
            partial,
          },
        });
      }
      offset = partialBytes === undefined ? end + 1 : end;
    }
  }
  return records;
}

/** The log text of a chunk from the line after `after` on. */
export function textAfter(chunk: LogChunk, after: number): Buffer {
  if (after < chunk.firstLine || 'omittedBytes' in chunk.runs) return chunk.text;
  let skip = after - chunk.firstLine + 1;
  let offset = 0;
  for (const [count, , , , partialBytes] of chunk.runs.lines) {
    for (let index = 0; index < count && skip > 0; index += 1, skip -= 1) {
      offset = partialBytes === undefined ? chunk.text.indexOf(lineEnd, offset) + 1 : offset + partialBytes;
    }
    if (skip === 0) break;
  }
  return chunk.text.subarray(offset);
}
