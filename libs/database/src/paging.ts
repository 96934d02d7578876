import { Problem } from '@nohands/domain';
import { decodeCursor, encodeCursor, type Cursor, type Keyset, type KeyValue } from './cursor.js';
import { readRow, readRows, StatementParameters, type Database } from './sql.js';

/** One page of a list; `count` is exact up to 10,000 and null above. */
export type Page<T> = {
  readonly count: number | null;
  readonly next: Cursor | null;
  readonly previous: Cursor | null;
  readonly results: T[];
};

/** Which page: a cursor of an earlier page, or a page number (1 to 100), or neither for the first one. */
export type PageRequest = {
  readonly limit: number;
  readonly cursor?: string | null;
  readonly page?: number | null;
};

export const pageLimits = { limit: 100, pages: 100, counted: 10_000 } as const;

/** A list in SQL, in parts: conditions and key are put together with those of the page asked for. */
export type ListStatement<Row> = {
  readonly columns: string;
  /** Columns that cost something, over the rows of the page alone, named as in `columns` under the alias `page`. */
  readonly lateColumns?: string;
  readonly from: string;
  /** FROM for counting, when `from` joins more than the conditions need. */
  readonly countFrom?: string;
  readonly conditions: readonly string[];
  readonly parameters: StatementParameters;
  readonly keyset: Keyset;
  readonly keyOf: (row: Row) => readonly KeyValue[];
};

type Counted<Row> = Row & { readonly countOfPage: number };

/**
 * Reads one page with one statement (a second one counts when the page is empty).
 * Throws the problems `invalid_cursor` and `invalid_fields` (`query:limit`, `query:page`).
 */
export async function readPage<Row>(
  database: Database,
  list: ListStatement<Row>,
  request: PageRequest,
): Promise<Page<Row>> {
  checkPageRequest(request);
  const cursor = request.cursor ? decodeCursor(request.cursor, list.keyset) : null;
  const isBackward = cursor?.direction === 'previous';
  const counting = countStatement(list);
  // The count is composed first: only its own parameters may be bound when it runs alone.
  const countParameters = [...list.parameters.values];
  const statement = pageStatement(list, request, cursor && { isBackward, key: cursor.key }, counting);
  const rows = await readRows<Counted<Row>>(database, statement, list.parameters.values);
  const hasMore = rows.length > request.limit;
  const shown = rows.slice(0, request.limit);
  if (isBackward) shown.reverse();
  const count = shown[0]
    ? shown[0].countOfPage
    : ((await readRow<{ count: number }>(database, `SELECT ${counting} AS count`, countParameters))?.count ??
      0);
  const isFirst = cursor === null && (request.page ?? 1) === 1;
  return {
    count: count > pageLimits.counted ? null : count,
    next: cursorAt(list, shown.at(-1), 'next', isBackward || hasMore),
    previous: cursorAt(list, shown[0], 'previous', isBackward ? hasMore : !isFirst),
    results: shown.map(({ countOfPage: _, ...row }) => row as unknown as Row),
  };
}

function cursorAt<Row>(
  list: ListStatement<Row>,
  row: Row | undefined,
  direction: 'next' | 'previous',
  exists: boolean,
): Cursor | null {
  return row !== undefined && exists ? encodeCursor({ direction, key: list.keyOf(row) }, list.keyset) : null;
}

function countStatement<Row>(list: ListStatement<Row>): string {
  const where = list.conditions.length > 0 ? `WHERE ${list.conditions.join(' AND ')}` : '';
  const from = list.countFrom ?? list.from;
  return `(SELECT count(*)::int FROM (SELECT 1 FROM ${from} ${where} LIMIT ${pageLimits.counted + 1}) counted)`;
}

function pageStatement<Row>(
  list: ListStatement<Row>,
  request: PageRequest,
  start: { isBackward: boolean; key: readonly KeyValue[] } | null,
  counting: string,
): string {
  const { keyset, parameters } = list;
  const isAscending = (keyset.order === 'ascending') !== (start?.isBackward ?? false);
  const conditions = [...list.conditions];
  if (start) {
    const columns = keyset.columns.map(({ sql }) => sql).join(', ');
    const bound = start.key.map((value) => parameters.add(value)).join(', ');
    conditions.push(`(${columns}) ${isAscending ? '>' : '<'} (${bound})`);
  }
  const order = keyset.columns.map(({ sql }) => `${sql} ${isAscending ? 'ASC' : 'DESC'}`).join(', ');
  const offset = start ? 0 : ((request.page ?? 1) - 1) * request.limit;
  const rows = `SELECT ${list.columns}, ${counting} AS "countOfPage" FROM ${list.from}
    ${conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : ''}
    ORDER BY ${order} LIMIT ${parameters.add(request.limit + 1)} OFFSET ${parameters.add(offset)}`;
  // Without the outer statement Postgres would work the late columns out for all the rows that OFFSET skips.
  return list.lateColumns === undefined ? rows : `SELECT page.*, ${list.lateColumns} FROM (${rows}) page`;
}

function checkPageRequest({ limit, cursor, page }: PageRequest): void {
  if (!isBetween(limit, pageLimits.limit)) throw wrongQuery('limit', `between 1 and ${pageLimits.limit}`);
  if (page === undefined || page === null) return;
  if (!isBetween(page, pageLimits.pages)) {
    throw wrongQuery('page', `between 1 and ${pageLimits.pages}; follow "next" to read further`);
  }
  if (cursor) throw wrongQuery('page', 'left out when a cursor is given');
}

function isBetween(value: number, highest: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= highest;
}

function wrongQuery(name: string, rule: string): Problem {
  const detail = `"${name}" must be ${rule}.`;
  return new Problem('invalid_fields', detail, [{ pointer: `query:${name}`, detail }]);
}
