import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Problem } from '@nohands/domain';
import { decodeCursor, encodeCursor, type Keyset } from './cursor.js';

const keyset: Keyset = {
  order: 'ascending',
  columns: [
    { sql: 't.at', type: 'time' },
    { sql: 't.name', type: 'text' },
    { sql: 't.id', type: 'integer' },
  ],
};
const forge = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

describe(decodeCursor.name, () => {
  it('reads every place that was written', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('next' as const, 'previous' as const),
        fc.date({
          min: new Date('0001-01-01T00:00:00Z'),
          max: new Date('9999-12-31T23:59:59Z'),
          noInvalidDate: true,
        }),
        fc.string({ unit: 'grapheme', maxLength: 255 }).filter((text) => !text.includes('\0')),
        fc.integer(),
        (direction, at, name, id) => {
          const place = { direction, key: [at, name, id] };
          expect(decodeCursor(encodeCursor(place, keyset), keyset)).toEqual(place);
        },
      ),
    );
  });

  it.each([
    '',
    '!',
    'x',
    'a'.repeat(5000),
    forge({}),
    forge(null),
    forge(['next']),
    forge(['sideways', 0, 'a', 1]),
    forge(['next', 0, 'a', 1, 2]),
    forge(['next', '0', 'a', 1]),
    forge(['next', 1e300, 'a', 1]),
    forge(['next', -1e15, 'a', 1]),
    forge(['next', 0, 'a\0', 1]),
    forge(['next', 0, null, 1]),
    forge(['next', 0, 'a', 2 ** 31]),
    forge(['next', 0, 'a', 1.5]),
    forge(['next', 0, 'a', [1]]),
  ])('refuses %j', (text) => {
    expect(() => decodeCursor(text, keyset)).toThrow(Problem);
  });

  it('refuses whatever somebody types without breaking', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json().map(forge)), (text) => {
        try {
          decodeCursor(text, keyset);
        } catch (error) {
          expect(error).toMatchObject({ code: 'invalid_cursor' });
        }
      }),
    );
  });
});
