import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import {
  BuildLogsStore,
  encodeChunk,
  encodeOmission,
  type LogAppend,
  type LogChunk,
} from '@nohands/database';
import { system, type CutLine, type OmittedLines } from '@nohands/domain';

const flushMilliseconds = 50;
const chunkBytes = 64 * 1024;
/** Above this, whoever writes waits for the store: the engine's pipe fills, and the build slows down to the database. */
const waitAboveBytes = 1024 * 1024;
const firstRetryMilliseconds = 200;
const longestRetryMilliseconds = 5_000;

type Entry = CutLine | { readonly omitted: OmittedLines };

/** The lines of one build on their way to the store. */
class Outbox {
  entries: Entry[] = [];
  bytes = 0;
  isFenced = false;
  /** Somebody waits until all is stored. */
  isDraining = false;
  waiters: (() => void)[] = [];

  constructor(
    readonly buildId: number,
    readonly attempt: number,
    public nextLine: number,
  ) {}
}

/** What a build's log writes to. */
export type LogOutlet = {
  /** Takes a line; the promise, if any, resolves when there is room again. */
  write(line: CutLine): Promise<void> | void;
  omit(omitted: OmittedLines): void;
  /** Resolves when everything written so far is stored; false when the claim was lost. */
  drain(): Promise<boolean>;
  /** Number the next line will get. */
  nextLine(): number;
  close(): void;
};

/**
 * Carries the lines of all builds of this worker to the store, one transaction at a time: at once after a quiet time,
 * then every 50 ms or as soon as 64 KiB wait. While the database is away it keeps what it has and tries again; writers
 * wait.
 */
@Injectable()
export class LogFlusher implements OnApplicationShutdown {
  readonly #logger = new Logger(LogFlusher.name);
  readonly #outboxes = new Map<number, Outbox>();
  #timer: NodeJS.Timeout | null = null;
  /** The timer is due at once: setting it again for every further line would only put it off. */
  #isDue = false;
  #startedAt = -Infinity;
  #flight: Promise<void> | null = null;
  #retryMs = 0;
  #isClosed = false;

  constructor(private readonly logs: BuildLogsStore) {}

  open(build: { readonly id: number; readonly attempt: number; readonly nextLine: number }): LogOutlet {
    const outbox = new Outbox(build.id, build.attempt, build.nextLine);
    this.#outboxes.set(build.id, outbox);
    return {
      write: (line) => this.#write(outbox, line),
      omit: (omitted) => {
        outbox.entries.push({ omitted });
        outbox.nextLine = omitted.to + 1;
        this.#wake(this.#pause());
      },
      drain: () => this.#drain(outbox),
      nextLine: () => outbox.nextLine,
      close: () => {
        if (this.#outboxes.get(build.id) === outbox) this.#outboxes.delete(build.id);
      },
    };
  }

  async onApplicationShutdown(): Promise<void> {
    this.#isClosed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#flight;
  }

  #write(outbox: Outbox, line: CutLine): Promise<void> | void {
    if (outbox.isFenced) return;
    outbox.entries.push(line);
    outbox.bytes += sizeOf(line);
    outbox.nextLine += 1;
    this.#wake(outbox.bytes >= chunkBytes ? 0 : this.#pause());
    if (outbox.bytes > waitAboveBytes) return new Promise((resolve) => outbox.waiters.push(resolve));
  }

  async #drain(outbox: Outbox): Promise<boolean> {
    outbox.isDraining = true;
    while (outbox.entries.length > 0 && !outbox.isFenced && !this.#isClosed) {
      this.#wake(0);
      await new Promise<void>((resolve) => outbox.waiters.push(resolve));
    }
    outbox.isDraining = false;
    // Closed in the middle: what was not stored must not pass for stored.
    return !outbox.isFenced && outbox.entries.length === 0;
  }

  /** What is left of the 50 ms since the last flush began, in milliseconds. */
  #pause(): number {
    return Math.max(0, flushMilliseconds - (performance.now() - this.#startedAt));
  }

  #wake(delayMs: number): void {
    if (this.#flight !== null || this.#isClosed) return;
    if (this.#timer !== null) {
      if (delayMs > 0 || this.#isDue || this.#retryMs > 0) return;
      clearTimeout(this.#timer);
    }
    this.#isDue = delayMs === 0;
    this.#timer = setTimeout(() => this.#start(), this.#retryMs > 0 ? this.#retryMs : delayMs);
  }

  #start(): void {
    this.#timer = null;
    this.#startedAt = performance.now();
    this.#flight = this.#flush().finally(() => {
      this.#flight = null;
      const waiting = [...this.#outboxes.values()].filter(({ entries }) => entries.length > 0);
      if (waiting.length > 0) this.#wake(waiting.some(({ isDraining }) => isDraining) ? 0 : this.#pause());
    });
  }

  async #flush(): Promise<void> {
    const waiting = [...this.#outboxes.values()].filter(({ entries }) => entries.length > 0);
    if (waiting.length === 0) return;
    const parcels = waiting.map((outbox) => pack(outbox));
    try {
      const stored = await this.logs.append(
        system('worker'),
        parcels.map(({ append }) => append),
      );
      this.#retryMs = 0;
      for (const { outbox, append } of parcels) {
        const end = stored.has(outbox.buildId) ? endOf(append) : await this.#storedEarlier(append);
        if (end === null) fence(outbox);
        else settle(outbox, append.expectedLine, end);
      }
    } catch (error) {
      // The database is away or refuses for a moment: nothing is dropped, the same lines go out again.
      this.#retryMs = Math.min(Math.max(this.#retryMs * 2, firstRetryMilliseconds), longestRetryMilliseconds);
      this.#logger.warn(
        `Log lines wait for the database: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }

  /**
   * An earlier try may have committed although its answer was lost: then the log stands somewhere inside this append,
   * and only the rest is still to be written. Null when a newer attempt writes.
   */
  async #storedEarlier(append: LogAppend): Promise<number | null> {
    const position = await this.logs.position(system('worker'), append.buildId);
    if (position === null || position.attempt !== append.attempt) return null;
    return position.nextLine > append.expectedLine && position.nextLine <= endOf(append)
      ? position.nextLine
      : null;
  }
}

type Parcel = { readonly outbox: Outbox; readonly append: LogAppend };

/** The number that follows the last line of an append. */
function endOf(append: LogAppend): number {
  return append.chunks.at(-1)?.nextLine ?? append.expectedLine;
}

/** Everything that waits in an outbox, as chunks of at most 64 KiB. */
function pack(outbox: Outbox): Parcel {
  const chunks: LogChunk[] = [];
  const entries = [...outbox.entries];
  const expectedLine = outbox.nextLine - entries.reduce((sum, entry) => sum + numbersOf(entry), 0);
  let line = expectedLine;
  let lines: CutLine[] = [];
  let bytes = 0;
  const close = (): void => {
    if (lines.length === 0) return;
    chunks.push(encodeChunk(lines, line, outbox.attempt));
    line += lines.length;
    lines = [];
    bytes = 0;
  };
  for (const entry of entries) {
    if ('omitted' in entry) {
      close();
      chunks.push(encodeOmission(entry.omitted, outbox.attempt));
      line = entry.omitted.to + 1;
      continue;
    }
    const size = sizeOf(entry);
    if (bytes + size > chunkBytes) close();
    lines.push(entry);
    bytes += size;
  }
  close();
  const append = { buildId: outbox.buildId, attempt: outbox.attempt, expectedLine, chunks };
  return { outbox, append };
}

function sizeOf(line: CutLine): number {
  return Buffer.byteLength(line.text) + 1;
}

function numbersOf(entry: Entry): number {
  return 'omitted' in entry ? entry.omitted.to - entry.omitted.from + 1 : 1;
}

/** Forgets what is stored: the lines from `from` up to, not including, `end`. */
function settle(outbox: Outbox, from: number, end: number): void {
  let line = from;
  let count = 0;
  for (const entry of outbox.entries) {
    if (line >= end) break;
    line += numbersOf(entry);
    if (!('omitted' in entry)) outbox.bytes -= sizeOf(entry);
    count += 1;
  }
  outbox.entries = outbox.entries.slice(count);
  release(outbox);
}

/** A newer attempt writes this log: what is left here is nobody's any more. */
function fence(outbox: Outbox): void {
  outbox.isFenced = true;
  outbox.entries = [];
  outbox.bytes = 0;
  release(outbox);
}

function release(outbox: Outbox): void {
  const waiters = outbox.waiters;
  outbox.waiters = [];
  for (const resolve of waiters) resolve();
}
