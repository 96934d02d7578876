import type { CutLine } from './log-lines.js';
import type { SecretMasker } from './secret-masker.js';
import type { MaskingStream } from './secret-masker-stream.js';

/** Longest text of one line in bytes of UTF-8; a longer line is given in parts. */
export const maximumLineBytes = 16_384;
/** UTF-16 units that can never be more than `maximumLineBytes`. */
const certainlyFits = Math.floor(maximumLineBytes / 3);

/** A line without its end, or a part of a long one: `partial` when the line goes on in the next. */
export type CutText = Pick<CutLine, 'text' | 'partial'>;

/**
 * Makes lines out of the bytes of one (step, stream), however they are cut: UTF-8 decoded with U+FFFD for what is
 * invalid, secrets masked, then cut at `\n` or `\r\n` (a lone `\r` stays in its line), lines above 16 KiB in parts
 * that split no code point. Holds at most one part and what the masker holds back.
 */
export class LineCutter {
  // ignoreBOM keeps a U+FEFF in the text: the log is what the program wrote.
  private readonly decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  private readonly masking: MaskingStream | null;
  private rest = '';
  private restBytes = 0;

  constructor(masker: SecretMasker | null = null) {
    this.masking = masker === null || masker.isEmpty ? null : masker.stream();
  }

  /** Takes bytes, gives the lines and parts that are complete by now. */
  push(bytes: Uint8Array): CutText[] {
    const text = this.decoder.decode(bytes, { stream: true });
    return this.cut(this.masking === null ? text : this.masking.push(text));
  }

  /** No more bytes come: gives the last line even without its end. The cutter is then as new. */
  end(): CutText[] {
    const tail = this.decoder.decode();
    const lines = this.cut(this.masking === null ? tail : this.masking.push(tail) + this.masking.end());
    if (this.rest !== '') lines.push(...splitLine(this.rest));
    this.keep('');
    return lines;
  }

  private cut(text: string): CutText[] {
    const lines: CutText[] = [];
    let from = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
      const line = this.rest === '' ? text.slice(from, end) : this.rest + text.slice(from, end);
      const whole = line.endsWith('\r') ? line.slice(0, -1) : line;
      if (whole.length <= certainlyFits) lines.push({ text: whole, partial: false });
      else lines.push(...splitLine(whole));
      if (this.rest !== '') this.keep('');
      from = end + 1;
    }
    if (from < text.length) this.extendRest(text.slice(from), lines);
    return lines;
  }

  private extendRest(text: string, lines: CutText[]): void {
    this.rest += text;
    this.restBytes += Buffer.byteLength(text);
    // One byte more than fits may be the `\r` of a line end that is still to come.
    if (this.restBytes <= maximumLineBytes + 1) return;
    const parts = splitLine(this.rest.endsWith('\r') ? this.rest.slice(0, -1) : this.rest);
    const last = parts.pop()!;
    lines.push(...parts);
    this.keep(this.rest.endsWith('\r') ? `${last.text}\r` : last.text);
  }

  private keep(rest: string): void {
    this.rest = rest;
    this.restBytes = Buffer.byteLength(rest);
  }
}

/** Parts as long as fits, none inside a code point; only the last has `partial: false`. */
function splitLine(line: string): CutText[] {
  if (Buffer.byteLength(line) <= maximumLineBytes) return [{ text: line, partial: false }];
  const bytes = Buffer.from(line);
  const parts: CutText[] = [];
  for (let from = 0; from < bytes.length;) {
    let to = Math.min(from + maximumLineBytes, bytes.length);
    while (to < bytes.length && (bytes[to]! & 0xc0) === 0x80) to--;
    parts.push({ text: bytes.toString('utf8', from, to), partial: to < bytes.length });
    from = to;
  }
  return parts;
}
