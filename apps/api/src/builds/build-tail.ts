import type { BuildLogsStore, LogChunk, LogPosition } from '@nohands/database';
import { system } from '@nohands/domain';
import { WakeUp } from '../live/wake-up.js';

const reader = system('feed');
/** Readers look by themselves this often, should a notice be lost. */
const lookMilliseconds = 2_000;
const mostKeptBytes = 1024 * 1024;

/**
 * The end of one log, read once for all who follow it. It keeps the newest chunks only; who is further behind reads
 * the store. It never waits for a reader.
 */
export class BuildTail {
  readonly changed = new WakeUp();
  readonly #store: BuildLogsStore;
  readonly #buildId: number;
  readonly #stop = new AbortController();
  readonly #hint = new WakeUp();
  #chunks: LogChunk[] = [];
  #bytes = 0;
  #position: LogPosition | null = null;
  #read: number | null = null;
  #hasLooked = false;

  constructor(store: BuildLogsStore, buildId: number) {
    this.#store = store;
    this.#buildId = buildId;
    void this.#run();
  }

  /** Where the log stood at the last look; null before it and when the build is gone. */
  get position(): LogPosition | null {
    return this.#position;
  }

  /** True once the position is known; null then means that the build is gone. */
  get hasLooked(): boolean {
    return this.#hasLooked;
  }

  /** Something may have changed: look now. */
  hint(): void {
    this.#hint.ring();
  }

  stop(): void {
    this.#stop.abort();
  }

  /** Kept chunks from the line after `after` on; null when the store must be asked. */
  chunksAfter(after: number): LogChunk[] | null {
    const first = this.#chunks[0];
    if (!first || after + 1 < first.firstLine) return null;
    return this.#chunks.filter((chunk) => chunk.nextLine > after + 1);
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const seen = this.#hint.count;
      try {
        await this.#look();
      } catch {
        // The database is away: the readers wait, and the next look catches up.
      }
      await this.#hint.wait(seen, lookMilliseconds, signal);
    }
  }

  /** The position first, then the lines: a log that is said to have ended has all its lines read. */
  async #look(): Promise<void> {
    const before = this.#position;
    const position = await this.#store.position(reader, this.#buildId);
    // The first look starts at the end: what came before is in the store for whoever wants it.
    this.#read ??= position === null ? null : position.nextLine - 1;
    while (this.#read !== null && position !== null && this.#read < position.nextLine - 1) {
      const chunks = await this.#store.read(reader, this.#buildId, this.#read);
      if (chunks.length === 0) break;
      this.#keep(chunks);
    }
    this.#position = position;
    this.#hasLooked = true;
    if (before === null || !isSamePosition(before, position)) this.changed.ring();
  }

  #keep(chunks: readonly LogChunk[]): void {
    for (const chunk of chunks) {
      this.#chunks.push(chunk);
      this.#bytes += chunk.text.length;
      this.#read = chunk.nextLine - 1;
    }
    while (this.#bytes > mostKeptBytes && this.#chunks.length > 1) {
      this.#bytes -= this.#chunks.shift()?.text.length ?? 0;
    }
    this.changed.ring();
  }
}

function isSamePosition(a: LogPosition, b: LogPosition | null): boolean {
  return b !== null && a.nextLine === b.nextLine && a.status === b.status && a.logSha256 === b.logSha256;
}
