import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineCutter, maximumLineBytes } from './line-cutter.js';
import type { CutText } from './line-cutter.js';

/** Slow and obvious: the whole text at once, one code point after the other. */
function cutObviously(bytes: Uint8Array): CutText[] {
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  const pieces = text.split('\n');
  const unfinished = pieces.pop()!;
  const lines = pieces.map((piece) => (piece.endsWith('\r') ? piece.slice(0, -1) : piece));
  if (unfinished !== '') lines.push(unfinished);
  return lines.flatMap(partsOf);
}

function partsOf(line: string): CutText[] {
  const parts: string[][] = [[]];
  let bytes = 0;
  for (const sign of line) {
    bytes += Buffer.byteLength(sign);
    if (bytes > maximumLineBytes) {
      parts.push([]);
      bytes = Buffer.byteLength(sign);
    }
    parts.at(-1)!.push(sign);
  }
  return parts.map((part, index) => ({ text: part.join(''), partial: index < parts.length - 1 }));
}

function cutInChunks(bytes: Uint8Array, sizes: readonly number[]): CutText[] {
  const cutter = new LineCutter();
  const lines: CutText[] = [];
  for (let from = 0, turn = 0; from < bytes.length; turn++) {
    const size = sizes[turn % sizes.length]!;
    lines.push(...cutter.push(bytes.subarray(from, from + size)));
    from += size;
  }
  return [...lines, ...cutter.end()];
}

const cut = (text: string) => cutInChunks(Buffer.from(text), [7]).map((line) => line.text);

describe(LineCutter.name, () => {
  it('gives the same lines for any bytes in any chunks', () => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 12 }),
      fc.constantFrom('\n', '\r', '\r\n', 'é', '😀', '\uFEFF', 'plain').map((text) => Buffer.from(text)),
    );
    const bytes = fc.array(piece, { maxLength: 40 }).map((pieces) => Buffer.concat(pieces));
    const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(bytes, sizes, (input, chunks) => {
        expect(cutInChunks(input, chunks)).toEqual(cutObviously(input));
      }),
      { numRuns: 1000 },
    );
  });

  it('gives lines above 16 KiB in the same parts whatever the chunks', () => {
    const sign = fc.constantFrom('x', 'é', '€', '😀', '\r');
    const end = fc.constantFrom('', '\n', '\r\n', '\r', '\r\r\n');
    const long = fc.tuple(sign, fc.integer({ min: 16_380, max: 16_390 }), fc.string(), end);
    const sizes = fc.array(fc.integer({ min: 1, max: 40_000 }), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(fc.array(long, { minLength: 1, maxLength: 3 }), sizes, (lines, chunks) => {
        const text = lines.map(
          ([unit, bytes, tail, lineEnd]) => unit.repeat(bytes / Buffer.byteLength(unit)) + tail + lineEnd,
        );
        const input = Buffer.from(text.join(''));
        expect(
          cutInChunks(
            input,
            chunks.map((size) => size + 500),
          ),
        ).toEqual(cutObviously(input));
      }),
      { numRuns: 40 },
    );
  });

  it('keeps a lone carriage return and drops the one of a line end', () => {
    expect(cut('10%\r20%\r\nnext\r\n\nlast\r')).toEqual(['10%\r20%', 'next', '', 'last\r']);
  });

  it('replaces invalid UTF-8, also when it is cut off at the end', () => {
    const bytes = Uint8Array.from([0x61, 0xff, 0x62, 0x0a, 0xe2, 0x82]);
    expect(cutInChunks(bytes, [1])).toEqual([
      { text: 'a\uFFFDb', partial: false },
      { text: '\uFFFD', partial: false },
    ]);
  });

  it('marks all parts of a long line but the last as partial', () => {
    const parts = cutInChunks(Buffer.from(`${'x'.repeat(2 * maximumLineBytes)}y\n`), [1000]);
    expect(parts.map((part) => [part.text.length, part.partial])).toEqual([
      [maximumLineBytes, true],
      [maximumLineBytes, true],
      [1, false],
    ]);
  });

  it('gives parts of an endless line as they come, so that it holds no more than one', () => {
    const cutter = new LineCutter();
    let given = 0;
    for (let turn = 0; turn < 1000; turn++) {
      given += cutter.push(Buffer.alloc(1024, 'x')).reduce((sum, part) => sum + part.text.length, 0);
      expect((turn + 1) * 1024 - given).toBeLessThanOrEqual(maximumLineBytes + 1);
    }
  });

  it('is as new after its end', () => {
    const cutter = new LineCutter();
    cutter.push(Buffer.from('one'));
    expect(cutter.end()).toEqual([{ text: 'one', partial: false }]);
    expect(cutter.end()).toEqual([]);
    expect(cutter.push(Buffer.from('two\n'))).toEqual([{ text: 'two', partial: false }]);
  });
});
