import { Injectable } from '@nestjs/common';
import { BuildLogsStore, textAfter } from '@nohands/database';
import { Problem, type Principal } from '@nohands/domain';
import { requirePossibleId } from '../http/pages.js';
import { BuildsFeed, type FollowOptions } from './builds.feed.js';
import { formatChunk, toEndRecord, toRecords, type LogFormat, type LogRecordDto } from './log-records.js';

export type LogRequest = {
  /** The last line the reader has; 0 for none. */
  readonly after: number;
  readonly follow: boolean;
  readonly format: LogFormat;
  readonly signal: AbortSignal;
};

const endBytes = 64 * 1024;

/** Logs for people and programs: whole, from a line on, or followed. */
@Injectable()
export class BuildLogsService {
  constructor(
    private readonly logs: BuildLogsStore,
    private readonly feed: BuildsFeed,
  ) {}

  /** The bytes of a log, a chunk at a time. Problem, before the first byte: `not_found`. */
  async open(viewer: Principal, id: number, request: LogRequest): Promise<AsyncGenerator<Buffer>> {
    requirePossibleId(id, 'build');
    const position = await this.logs.position(viewer, id);
    if (!position) throw new Problem('not_found', 'There is no such build.');
    return request.follow ? this.#follow(viewer, id, request) : this.#read(viewer, id, request);
  }

  /** The records of a followed log, a chunk at a time. Problem, before the first record: `not_found`. */
  async records(
    viewer: Principal,
    id: number,
    options: FollowOptions,
  ): Promise<AsyncGenerator<LogRecordDto[]>> {
    if (!(await this.logs.position(viewer, id))) throw new Problem('not_found', 'There is no such build.');
    return this.#records(viewer, id, options);
  }

  /** The last 64 KiB, from the beginning of a line on. */
  async end(viewer: Principal, id: number): Promise<{ text: string; isTruncated: boolean }> {
    const chunks = await this.logs.tail(viewer, id, endBytes);
    const all = Buffer.concat(chunks.map((chunk) => textAfter(chunk, 0)));
    const isWhole = (chunks[0]?.firstLine ?? 1) === 1;
    if (all.length <= endBytes) return { text: all.toString('utf8'), isTruncated: !isWhole };
    const cut = all.length - endBytes;
    // One line may be longer than all of it: then it begins inside that line, at a whole character.
    const lineStart = all.indexOf(0x0a, cut - 1) + 1;
    const start = lineStart > 0 && lineStart < all.length ? lineStart : firstCharacter(all, cut);
    return { text: all.toString('utf8', start), isTruncated: true };
  }

  async *#read(viewer: Principal, id: number, { after, format, signal }: LogRequest): AsyncGenerator<Buffer> {
    const before = await this.logs.position(viewer, id);
    let cursor = after;
    while (!signal.aborted) {
      const chunks = await this.logs.read(viewer, id, cursor);
      for (const chunk of chunks) {
        yield formatChunk(chunk, cursor, format);
        cursor = Math.max(cursor, chunk.nextLine - 1);
      }
      if (chunks.length === 0) break;
    }
    // Read before the lines: what had ended then is complete now.
    if (before?.isFinal && format === 'ndjson') yield endLine(before);
  }

  async *#records(viewer: Principal, id: number, options: FollowOptions): AsyncGenerator<LogRecordDto[]> {
    let cursor = options.after;
    for await (const followed of this.feed.follow(viewer, id, options)) {
      if ('end' in followed) return yield [toEndRecord(followed.end)];
      yield toRecords(followed.chunk, cursor);
      cursor = Math.max(cursor, followed.chunk.nextLine - 1);
    }
  }

  async *#follow(viewer: Principal, id: number, request: LogRequest): AsyncGenerator<Buffer> {
    let cursor = request.after;
    for await (const followed of this.feed.follow(viewer, id, request)) {
      if ('chunk' in followed) {
        yield formatChunk(followed.chunk, cursor, request.format);
        cursor = Math.max(cursor, followed.chunk.nextLine - 1);
      } else if (request.format === 'ndjson') yield endLine(followed.end);
    }
  }
}

function endLine(position: Parameters<typeof toEndRecord>[0]): Buffer {
  return Buffer.from(`${JSON.stringify(toEndRecord(position))}\n`);
}

/** UTF-8: bytes that go on a character begin with the bits 10. */
function firstCharacter(bytes: Buffer, from: number): number {
  let start = from;
  while (start < bytes.length && ((bytes[start] ?? 0) & 0xc0) === 0x80) start += 1;
  return start;
}
