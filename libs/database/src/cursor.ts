import { Problem } from '@nohands/domain';

declare const cursorBrand: unique symbol;

/** An opaque place in a list: key values of one row and the direction to read on. */
export type Cursor = string & { readonly [cursorBrand]: true };

export type KeyValue = number | string | Date;

/** What a list is ordered by; the last column makes the order total. */
export type Keyset = {
  readonly order: 'ascending' | 'descending';
  readonly columns: readonly { readonly sql: string; readonly type: 'integer' | 'text' | 'time' }[];
};

export type CursorPlace = { readonly direction: 'next' | 'previous'; readonly key: readonly KeyValue[] };

// Longer than any key NoHands writes: two names of 255 characters in base64.
const longestCursor = 4096;
const earliestTime = Date.parse('0001-01-01T00:00:00.000Z');
const latestTime = Date.parse('9999-12-31T23:59:59.999Z');

/** Writes a cursor; times are kept to the millisecond, as the database keeps them. */
export function encodeCursor(place: CursorPlace, keyset: Keyset): Cursor {
  if (place.key.length !== keyset.columns.length)
    throw new Error('The key does not fit the keyset of the list.');
  const values = place.key.map((value) => (value instanceof Date ? value.getTime() : value));
  return Buffer.from(JSON.stringify([place.direction, ...values])).toString('base64url') as Cursor;
}

/** Reads a cursor that came from outside; anything this list did not write is the problem `invalid_cursor`. */
export function decodeCursor(text: string, keyset: Keyset): CursorPlace {
  const parts = text.length <= longestCursor && /^[A-Za-z0-9_-]+$/.test(text) ? parseParts(text) : null;
  if (!parts || parts.length !== keyset.columns.length + 1) throw forged();
  const [direction, ...values] = parts;
  if (direction !== 'next' && direction !== 'previous') throw forged();
  const key = keyset.columns.map(({ type }, index) => readKeyValue(values[index], type));
  return { direction, key };
}

function parseParts(text: string): unknown[] | null {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
    return Array.isArray(parsed) ? parsed : null;
  } catch {
    // Not JSON: a cursor that NoHands did not write.
    return null;
  }
}

function readKeyValue(value: unknown, type: Keyset['columns'][number]['type']): KeyValue {
  switch (type) {
    case 'integer':
      if (typeof value === 'number' && Number.isInteger(value) && Math.abs(value) < 2 ** 31) return value;
      throw forged();
    case 'text':
      // Postgres text holds everything but NUL.
      if (typeof value === 'string' && !value.includes('\0')) return value;
      throw forged();
    case 'time':
      if (
        typeof value === 'number' &&
        Number.isInteger(value) &&
        value >= earliestTime &&
        value <= latestTime
      ) {
        return new Date(value);
      }
      throw forged();
  }
}

function forged(): Problem {
  return new Problem(
    'invalid_cursor',
    'This cursor was not made by this list. Start again without "cursor".',
  );
}
