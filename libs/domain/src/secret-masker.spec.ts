import { generateKeyPairSync } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineCutter } from './line-cutter.js';
import { SecretMasker } from './secret-masker.js';
import { acceptsSecret, secretForms } from './secret-masker-forms.js';

function maskInChunks(masker: SecretMasker, text: string, sizes: readonly number[]): string {
  const stream = masker.stream();
  const signs = [...text];
  let masked = '';
  for (let from = 0, turn = 0; from < signs.length; turn++) {
    const size = sizes[turn % sizes.length]!;
    masked += stream.push(signs.slice(from, from + size).join(''));
    from += size;
  }
  return masked + stream.end();
}

/** Slow and obvious: every form at every place of the whole text, then what is covered is replaced. */
function maskObviously(values: readonly string[], text: string): string {
  const forms = secretForms(values);
  const hidden = new Array<boolean>(text.length).fill(false);
  const hide = (from: number, to: number) => hidden.fill(true, from, to);
  const wrapped = forms.wrapped.map(wrappedPattern);
  for (let at = 0; at < text.length; at++) {
    for (const form of forms.anywhere) if (text.startsWith(form, at)) hide(at, at + form.length);
    for (const form of forms.wholeTokens) {
      const isAlone = !/\w/.test(text[at - 1] ?? '') && !/\w/.test(text[at + form.length] ?? '');
      if (isAlone && text.startsWith(form, at)) hide(at, at + form.length);
    }
    for (const form of wrapped) hideWrapped(text, at, form, hide);
  }
  const isMasked = (at: number) => hidden[at] === true && !/[\r\n]/.test(text[at] ?? '');
  return text
    .split('')
    .map((unit, at) => (!isMasked(at) ? unit : isMasked(at - 1) ? '' : '***'))
    .join('');
}

function wrappedPattern(form: string): RegExp {
  const units = form.split('').map((unit) => unit.replace(/[+/]/, '\\$&'));
  return new RegExp(units.join('(?:\r?\n)?'), 'y');
}

function hideWrapped(text: string, at: number, form: RegExp, hide: (from: number, to: number) => void): void {
  form.lastIndex = at;
  const found = form.exec(text)?.[0];
  if (found === undefined) return;
  let from = 0;
  for (const lineEnd of found.matchAll(/\r?\n/g)) {
    const before = found.slice(0, lineEnd.index).replace(/[\r\n]/g, '').length;
    if (before < 4) from = lineEnd.index + lineEnd[0].length;
  }
  hide(at + from, at + found.length);
}

const secret = fc.oneof(
  fc.string({
    minLength: 6,
    maxLength: 14,
    unit: fc.constantFrom('a', 'b', '/', 'é', ' ', '"', '\n', '<', '😀'),
  }),
  fc.string({ minLength: 6, maxLength: 12, unit: fc.constantFrom('a', 'b') }),
  fc.string({ minLength: 6, maxLength: 20, unit: 'binary' }),
);
const accepted = secret.filter(acceptsSecret);
const sizes = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 4 });

function textWith(values: readonly string[]) {
  const forms = secretForms(values);
  const all = [...forms.anywhere, ...forms.wholeTokens, ...forms.wrapped];
  const form = fc.constantFrom(...all);
  const wrapped = fc.tuple(form, fc.integer({ min: 1, max: 5 }), fc.constantFrom('\n', '\r\n', '\r', '\n\n'));
  const cutOff = fc.tuple(form, fc.nat(20));
  const piece = fc.oneof(
    form,
    wrapped.map(([text, width, end]) => text.replace(new RegExp(`.{${width}}`, 'gsu'), `$&${end}`)),
    cutOff.map(([text, length]) => text.slice(0, length).toWellFormed()),
    fc.constantFrom('\n', '\r', '\r\n', ' ', 'a', 'b', 'YW', '😀', '_', '=='),
  );
  return fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''));
}

describe(SecretMasker.name, () => {
  it('masks as the obvious way does, whatever the chunks', () => {
    const scene = fc
      .array(accepted, { minLength: 1, maxLength: 3 })
      .chain((values) => fc.tuple(fc.constant(values), textWith(values), sizes));
    fc.assert(
      fc.property(scene, ([values, text, chunks]) => {
        expect(maskInChunks(new SecretMasker(values), text, chunks)).toBe(maskObviously(values, text));
      }),
      { numRuns: 300 },
    );
  });

  it('lets no way of writing a secret through, at any place, in any chunks', () => {
    const random = fc.string({ minLength: 6, maxLength: 40, unit: 'grapheme' }).filter(acceptsSecret);
    const around = fc.string({ maxLength: 7, unit: fc.constantFrom('.', ':', ' ', 'é') });
    fc.assert(
      fc.property(random, around, around, sizes, (value, before, after, chunks) => {
        const marked = `S3-${value}-S3`;
        const masker = new SecretMasker([marked]);
        const ways = [
          marked,
          JSON.stringify({ marked }),
          encodeURIComponent(marked),
          new URLSearchParams({ marked }).toString(),
          Buffer.from(`${before}${marked}${after}`).toString('base64'),
          Buffer.from(`${before}${marked}${after}`).toString('base64url'),
        ];
        for (const way of ways) {
          const masked = maskInChunks(masker, `${before}\n${way}\n${after}`, chunks);
          expect(masked).toContain('***');
          expect(revealed(masked)).not.toContain('S3-');
        }
      }),
      { numRuns: 200 },
    );
  });

  it('masks a private key whose lines come one by one, indented, or wrapped as base64', () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    const key = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
    const masker = new SecretMasker([key]);
    const lines = (text: string) => {
      const cutter = new LineCutter(masker);
      const cut = [...Buffer.from(text)].flatMap((byte) => cutter.push(Uint8Array.of(byte)));
      return [...cut, ...cutter.end()].map((line) => line.text);
    };
    expect(lines(`start\n${key}end\n`)).toEqual(['start', '***', '***', '***', 'end']);
    expect(lines(key.replaceAll('\n', '\r\n'))).toEqual(['***', '***', '***']);
    expect(lines(key.replace(/^/gm, '  | '))).toEqual(['  | ***', '  | ***', '  | ***', '  | ']);
    const wrapped = Buffer.from(`machine: ${key}`).toString('base64').replace(/.{76}/g, '$&\n');
    expect(lines(wrapped).slice(1).join('')).toMatch(/^(\*\*\*)+.?=*$/);
  });

  it('masks across the border of two parts of a long line', () => {
    const cutter = new LineCutter(new SecretMasker(['correct-horse-battery']));
    const text = `${'x'.repeat(16_380)}correct-horse-battery`;
    const parts = [...cutter.push(Buffer.from(text)), ...cutter.end()].map((part) => part.text);
    expect(parts.join('')).toBe(`${'x'.repeat(16_380)}***`);
  });

  it('masks a value that looks like a common word only as a whole token', () => {
    const masker = new SecretMasker(['production', '123456']);
    expect(masker.mask('production reproduction production2 PASS=production,')).toBe(
      '*** reproduction production2 PASS=***,',
    );
    expect(masker.mask('123456 1234567 pin:123456')).toBe('*** 1234567 pin:***');
    expect(masker.mask(Buffer.from('user:production').toString('base64'))).not.toContain('cHJvZHVjdGlvbg');
  });

  it('never delays a line that does not end with the start of a secret', () => {
    const cutter = new LineCutter(new SecretMasker(['s3cret-value', 'key line one\nkey line two']));
    expect(cutter.push(Buffer.from('compiling s\n'))).toHaveLength(1);
    expect(cutter.push(Buffer.from('czNj\n'))).toHaveLength(0);
    expect(cutter.push(Buffer.from('x'))).toEqual([{ text: 'czNj', partial: false }]);
  });

  it('refuses a value too short to mask, and never repeats it', () => {
    expect(acceptsSecret('12345')).toBe(false);
    expect(acceptsSecret('   12345\n')).toBe(false);
    expect(acceptsSecret('123456')).toBe(true);
    expect(() => new SecretMasker(['hunter22', 'abc'])).toThrow(/^A secret has 6 to 65536 characters$/);
  });

  it('gives the very same text back when there is no secret', () => {
    expect(new SecretMasker([]).isEmpty).toBe(true);
    expect(new SecretMasker([]).mask('anything')).toBe('anything');
  });

  // Quadratic work would take hours here, not the seconds a test has.
  it('stays fast on a log made against it', () => {
    const masker = new SecretMasker(['A'.repeat(60_000)]);
    const stream = masker.stream();
    let length = 0;
    for (let turn = 0; turn < 30; turn++) length += stream.push('A\nA'.repeat(20_000)).length;
    expect(length + stream.end().length).toBeGreaterThan(1);
  });
});

/** What a reader can get out of a text: itself, and every run of base64 at each alignment, decoded. */
function revealed(text: string): string {
  const runs = text.match(/[\w+/-]{4,}/g) ?? [];
  const decoded = runs.flatMap((run) =>
    [0, 1, 2, 3].map((at) => Buffer.from(run.slice(at), 'base64').toString('latin1')),
  );
  return [text, ...decoded].join(' ');
}
