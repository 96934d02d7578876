import type { PhraseAutomaton } from './secret-masker-automaton.js';
import { WrappedPlace } from './secret-masker-wrapped.js';

const mask = '***';
const lineFeed = 10;
const carriageReturn = 13;

/** A stretch of the text to hide; positions count UTF-16 units from the start of the stream, `to` exclusive. */
type Cover = { from: number; to: number };

/**
 * Masks one text that comes in pieces. The result does not depend on how it was cut. Only a tail that may still
 * become a secret is held back (at most the longest form), so a line without the start of one is never late.
 */
export class MaskingStream {
  private held = '';
  /** Position of the first unit of `held`. */
  private position = 0;
  private covers: Cover[] = [];
  private state = 0;
  /** Start of a whole-token match that waits for the unit behind it; -1 for none. */
  private tokenFrom = -1;
  /** The unit before `held`; 0 at the start. */
  private before = 0;
  /** True when the unit before `held` was hidden: what is hidden next belongs to the same `***`. */
  private isHiding = false;
  private readonly wrappedPlace: WrappedPlace;

  constructor(
    private readonly exact: PhraseAutomaton,
    wrapped: PhraseAutomaton,
  ) {
    this.wrappedPlace = new WrappedPlace(wrapped);
  }

  /** Takes a piece, gives the masked text that is certain by now. Text must not be cut inside a code point. */
  push(text: string): string {
    const scanned = this.held.length;
    this.held += text;
    this.scan(scanned);
    const end = this.position + this.held.length;
    const certain = Math.min(end - this.exact.depth[this.state]!, this.wrappedPlace.earliestStart(end));
    return this.release(certain);
  }

  /** The held-back rest; the stream is then as new. */
  end(): string {
    const end = this.position + this.held.length;
    this.settleToken(0, end);
    const rest = this.release(end);
    this.state = 0;
    this.before = 0;
    this.isHiding = false;
    this.wrappedPlace.restart();
    return rest;
  }

  private scan(from: number): void {
    const { exact, held, wrappedPlace } = this;
    for (let at = from; at < held.length; at++) {
      const unit = held.charCodeAt(at);
      const end = this.position + at + 1;
      if (this.tokenFrom >= 0) this.settleToken(unit, end - 1);
      this.state = exact.next(this.state, unit);
      const solid = exact.solid[this.state]!;
      if (solid > 0) this.cover(end - solid, end);
      const token = exact.token[this.state]!;
      if (token > 0 && !isWordUnit(this.unitBefore(end - token))) this.tokenFrom = end - token;
      const wrappedFrom = wrappedPlace.read(unit, end);
      if (wrappedFrom >= 0) this.cover(wrappedFrom, end);
    }
  }

  private settleToken(next: number, end: number): void {
    if (this.tokenFrom >= 0 && !isWordUnit(next)) this.cover(this.tokenFrom, end);
    this.tokenFrom = -1;
  }

  private unitBefore(position: number): number {
    return position > this.position ? this.held.charCodeAt(position - this.position - 1) : this.before;
  }

  /** Ends never go back, so merging with the last ones keeps the list sorted and apart. */
  private cover(from: number, to: number): void {
    const { covers } = this;
    while (covers.length > 0 && covers.at(-1)!.from >= from) covers.pop();
    const last = covers.at(-1);
    if (last !== undefined && last.to >= from) last.to = to;
    else covers.push({ from, to });
  }

  private release(certain: number): string {
    const text = this.held.slice(0, certain - this.position);
    if (text === '') return '';
    const masked = this.hide(text, certain);
    this.before = text.charCodeAt(text.length - 1);
    this.held = this.held.slice(text.length);
    this.position = certain;
    this.covers = this.covers.filter((cover) => cover.to > certain);
    return masked;
  }

  private hide(text: string, certain: number): string {
    if (this.covers.length === 0) {
      this.isHiding = false;
      return text;
    }
    let masked = '';
    let done = this.position;
    for (const cover of this.covers) {
      if (cover.from >= certain) break;
      const from = Math.max(cover.from, this.position);
      const to = Math.min(cover.to, certain);
      if (from > done) this.isHiding = false;
      masked += text.slice(done - this.position, from - this.position);
      masked += this.hideStretch(text.slice(from - this.position, to - this.position));
      done = to;
    }
    if (done < certain) this.isHiding = false;
    return masked + text.slice(done - this.position);
  }

  /** Line ends stay: a hidden key of 27 lines gives 27 lines of `***`. */
  private hideStretch(stretch: string): string {
    const hidden = stretch.replace(/[^\r\n]+/g, (part, at: number) =>
      at === 0 && this.isHiding ? '' : mask,
    );
    const last = stretch.charCodeAt(stretch.length - 1);
    this.isHiding = last !== lineFeed && last !== carriageReturn;
    return hidden;
  }
}

/** ASCII letter, digit or `_`. */
function isWordUnit(unit: number): boolean {
  return (
    (unit >= 97 && unit <= 122) || (unit >= 65 && unit <= 90) || (unit >= 48 && unit <= 57) || unit === 95
  );
}
