import type { PhraseAutomaton } from './secret-masker-automaton.js';

const lineFeed = 10;
const carriageReturn = 13;
/**
 * A line that ends with fewer units of a phrase than this is not held back for it: it would be late for nothing.
 * Those units (at most 18 bits of base64) stay visible when the phrase does go on in the next line.
 */
const shortestHeldStart = 4;

/** A line break inside a possible phrase: phrase units read before it, and its place in the text. */
type Break = { readonly units: number; readonly from: number; readonly to: number };

/** Where we are in phrases that may be broken by single line ends (`\n`, `\r\n`); two in a row end a phrase. */
export class WrappedPlace {
  private state = 0;
  /** Units read so far, line breaks not counted. */
  private units = 0;
  private breaks: Break[] = [];
  private forgetAt = 16;
  private isAfterBreak = false;
  /** Position of a `\r` that may be the start of a line end; -1 for none. */
  private returnAt = -1;

  constructor(private readonly phrases: PhraseAutomaton) {}

  /** Reads a unit that ends at `end`; gives the start of the longest phrase that ends there, or -1. */
  read(unit: number, end: number): number {
    if (unit === lineFeed) this.readLineFeed(end);
    else if (unit === carriageReturn) this.readReturn(end);
    else return this.readUnit(unit, end);
    return -1;
  }

  /** Where the earliest phrase that is still possible would start to be hidden. */
  earliestStart(end: number): number {
    const depth = this.phrases.depth[this.state]!;
    return depth === 0 ? end : this.startOf(depth, this.returnAt >= 0 ? this.returnAt : end);
  }

  restart(): void {
    this.state = 0;
    this.breaks = [];
    this.isAfterBreak = false;
    this.returnAt = -1;
  }

  private readUnit(unit: number, end: number): number {
    if (this.returnAt >= 0) this.restart();
    this.isAfterBreak = false;
    this.units++;
    this.state = this.phrases.next(this.state, unit);
    const length = this.phrases.solid[this.state]!;
    return length === 0 ? -1 : this.startOf(length, end);
  }

  private readLineFeed(end: number): void {
    if (this.isAfterBreak || this.state === 0) return this.restart();
    if (this.breaks.length >= this.forgetAt) this.forgetBreaks();
    this.breaks.push({ units: this.units, from: this.returnAt >= 0 ? this.returnAt : end - 1, to: end });
    this.isAfterBreak = true;
    this.returnAt = -1;
  }

  /** Only when the list has doubled, so that each break is looked at a constant number of times. */
  private forgetBreaks(): void {
    const stillOpen = this.units - this.phrases.depth[this.state]!;
    this.breaks = this.breaks.filter((earlier) => earlier.units > stillOpen);
    this.forgetAt = 2 * this.breaks.length + 16;
  }

  private readReturn(end: number): void {
    if (this.isAfterBreak || this.returnAt >= 0 || this.state === 0) this.restart();
    else this.returnAt = end - 1;
  }

  /** Text position at which the phrase that holds the last `length` units starts to be hidden. */
  private startOf(length: number, end: number): number {
    const first = this.units - length;
    let index = this.firstBreakAfter(first);
    let next = this.breaks[index];
    if (next === undefined) return end - length;
    let start = next.from - (next.units - first);
    while (next !== undefined && next.units - first < shortestHeldStart) {
      start = next.to;
      next = this.breaks[++index];
    }
    return start;
  }

  /** Binary: a log may break a line after every unit. */
  private firstBreakAfter(units: number): number {
    let low = 0;
    let high = this.breaks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.breaks[middle]!.units > units) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
