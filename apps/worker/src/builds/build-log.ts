import { LineCutter, SecretMasker, type CutLine, type LogStream } from '@nohands/domain';
import type { LogOutlet } from './log.flusher.js';

export type BuildLogLimits = {
  /** Over this many bytes the head stays and a tail is kept. */
  readonly maxBytes: number;
  readonly tailBytes: number;
};

const detailLines = 40;

type Kept = { readonly line: CutLine; readonly bytes: number };

/**
 * The log of one attempt: raw bytes in, masked and numbered lines out. Knows the last lines (for `error_detail`) and
 * keeps head and tail when the log is over its size limit.
 */
export class BuildLog {
  readonly #outlet: LogOutlet;
  readonly #masker: SecretMasker;
  readonly #limits: BuildLogLimits;
  readonly #cutters = new Map<string, { cutter: LineCutter; step: number | null; stream: LogStream }>();
  readonly #lastLines: string[] = [];
  #bytes: number;
  #tail: Kept[] = [];
  #tailBytes = 0;
  #omittedLines = 0;
  #omittedBytes = 0;

  constructor(
    outlet: LogOutlet,
    masker: SecretMasker,
    limits: BuildLogLimits & { readonly bytesBefore: number },
  ) {
    this.#outlet = outlet;
    this.#masker = masker;
    this.#limits = limits;
    this.#bytes = limits.bytesBefore;
  }

  /** What NoHands itself has to say, a line or several. */
  system(text: string, step: number | null = null): Promise<void> | void {
    const time = Date.now();
    let room: Promise<void> | void = undefined;
    // A line end inside of a line would shift all that follows: every number belongs to one line of the text.
    for (const line of this.#masker.mask(text).split(/\r?\n/)) {
      room = this.#take({ time, step, stream: 'system', text: line, partial: false }) ?? room;
    }
    return room;
  }

  /** Output as the program wrote it; the promise, if any, is back-pressure. */
  output(step: number | null, stream: LogStream, bytes: Uint8Array): Promise<void> | void {
    const key = `${step ?? ''}:${stream}`;
    let source = this.#cutters.get(key);
    if (source === undefined) {
      source = { cutter: new LineCutter(this.#masker), step, stream };
      this.#cutters.set(key, source);
    }
    return this.#takeAll(source.cutter.push(bytes), source);
  }

  /** No more output of this step comes: its unfinished lines are written. */
  endStep(step: number): void {
    for (const [key, source] of this.#cutters) {
      if (source.step !== step) continue;
      void this.#takeAll(source.cutter.end(), source);
      this.#cutters.delete(key);
    }
  }

  /** Writes what is still held back and resolves when all is stored; false when the claim was lost. */
  async finish(): Promise<boolean> {
    for (const source of this.#cutters.values()) void this.#takeAll(source.cutter.end(), source);
    this.#cutters.clear();
    this.#releaseTail();
    return this.#outlet.drain();
  }

  /** The last lines of the programs, masked: what `error_detail` shows. */
  lastLines(): string | null {
    return this.#lastLines.length === 0 ? null : this.#lastLines.join('\n');
  }

  mask(text: string): string {
    return this.#masker.mask(text);
  }

  #takeAll(
    cut: readonly { text: string; partial: boolean }[],
    source: { step: number | null; stream: LogStream },
  ): Promise<void> | void {
    const time = Date.now();
    let room: Promise<void> | void = undefined;
    for (const { text, partial } of cut) {
      room = this.#take({ time, step: source.step, stream: source.stream, text, partial }) ?? room;
    }
    return room;
  }

  #take(line: CutLine): Promise<void> | void {
    if (line.stream !== 'system') {
      this.#lastLines.push(line.text.slice(0, 2_000));
      if (this.#lastLines.length > detailLines) this.#lastLines.shift();
    }
    const bytes = Buffer.byteLength(line.text) + (line.partial ? 0 : 1);
    if (this.#bytes + bytes <= this.#limits.maxBytes - this.#limits.tailBytes && this.#tail.length === 0) {
      this.#bytes += bytes;
      return this.#outlet.write(line);
    }
    this.#keepInTail({ line, bytes });
  }

  #keepInTail(kept: Kept): void {
    this.#tail.push(kept);
    this.#tailBytes += kept.bytes;
    let dropped = 0;
    while (this.#tailBytes > this.#limits.tailBytes && dropped < this.#tail.length - 1) {
      const oldest = this.#tail[dropped] as Kept;
      this.#tailBytes -= oldest.bytes;
      this.#omittedBytes += oldest.bytes;
      this.#omittedLines += 1;
      dropped += 1;
    }
    // Dropping from the front one by one would copy the tail for every line.
    if (dropped > 0) this.#tail.splice(0, dropped);
  }

  #releaseTail(): void {
    if (this.#omittedLines > 0) {
      const from = this.#outlet.nextLine();
      this.#outlet.omit({ from, to: from + this.#omittedLines - 1, bytes: this.#omittedBytes });
    }
    for (const { line } of this.#tail) void this.#outlet.write(line);
    this.#tail = [];
    this.#tailBytes = 0;
    this.#omittedLines = 0;
  }
}
