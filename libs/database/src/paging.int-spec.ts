import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Keyset } from './cursor.js';
import { openMigratedDatabase, problemCodeOf, type MigratedDatabase } from './migrated-database.fixture.js';
import { readPage, type PageRequest } from './paging.js';
import { StatementParameters } from './sql.js';

type Row = { readonly id: number; readonly at: Date };

const keyset: Keyset = {
  order: 'descending',
  columns: [
    { sql: 'n.at', type: 'time' },
    { sql: 'n.id', type: 'integer' },
  ],
};

describe(readPage.name, () => {
  let database: MigratedDatabase;
  beforeAll(async () => {
    database = await openMigratedDatabase();
    // Three rows share each time, so that only the whole key is an order.
    await database.dataSource.query(`CREATE TABLE numbers AS
      SELECT id::int, timestamptz '2026-01-01' + (id / 3) * interval '1 ms' AS at FROM generate_series(1, 10100) id`);
  });
  afterAll(() => database.close());

  const read = (request: PageRequest, upTo = 45) => {
    const parameters = new StatementParameters();
    return readPage<Row>(
      database.dataSource,
      {
        columns: 'n.id, n.at',
        from: 'numbers n',
        conditions: [`n.id <= ${parameters.add(upTo)}`],
        parameters,
        keyset,
        keyOf: ({ at, id }) => [at, id],
      },
      request,
    );
  };
  const ids = ({ results }: { results: Row[] }) => results.map(({ id }) => id);
  const down = (from: number, to: number) =>
    Array.from({ length: from - to + 1 }, (_, index) => from - index);

  it('reads forward to the end and back to the start, each row once', async () => {
    const first = await read({ limit: 20 });
    expect(first).toMatchObject({ count: 45, previous: null });
    expect(ids(first)).toEqual(down(45, 26));
    const second = await read({ limit: 20, cursor: first.next });
    expect(ids(second)).toEqual(down(25, 6));
    const third = await read({ limit: 20, cursor: second.next });
    expect(ids(third)).toEqual(down(5, 1));
    expect(third.next).toBeNull();
    const back = await read({ limit: 20, cursor: third.previous });
    expect(back).toMatchObject({ ...second, next: expect.any(String) });
    const start = await read({ limit: 20, cursor: back.previous });
    expect(ids(start)).toEqual(down(45, 26));
    expect(start.previous).toBeNull();
    expect(start.next).toBe(first.next);
  });

  it('says nothing of its own in the rows', async () => {
    expect(Object.keys((await read({ limit: 1 })).results[0] ?? {})).toEqual(['id', 'at']);
  });

  it('takes page numbers, which lead on to cursors', async () => {
    const second = await read({ limit: 20, page: 2 });
    expect(ids(second)).toEqual(down(25, 6));
    expect(ids(await read({ limit: 20, cursor: second.previous }))).toEqual(down(45, 26));
    expect(await read({ limit: 20, page: 4 })).toEqual({
      count: 45,
      next: null,
      previous: null,
      results: [],
    });
  });

  it('counts exactly to 10,000 and not above', async () => {
    expect((await read({ limit: 1 }, 10_000)).count).toBe(10_000);
    expect((await read({ limit: 1 }, 10_001)).count).toBeNull();
    expect((await read({ limit: 1 }, 0)).count).toBe(0);
  });

  it.each([
    { limit: 0 },
    { limit: 101 },
    { limit: 1e9 },
    { limit: Number.NaN },
    { limit: 1, page: 0 },
    { limit: 1, page: 101 },
    { limit: 1, page: 1.5 },
  ])('refuses %j', async (request) => {
    expect(await problemCodeOf(read(request))).toBe('invalid_fields');
  });
});
