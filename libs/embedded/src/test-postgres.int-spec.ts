import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Client } from 'pg';
import { createDatabaseOn, startTestPostgres, type TestPostgres } from './test-postgres.js';

async function ask(connectionString: string, statement: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(statement)).rows;
  } finally {
    await client.end();
  }
}

describe(startTestPostgres.name, () => {
  let postgres: TestPostgres;
  beforeAll(async () => {
    postgres = await startTestPostgres();
  });
  afterAll(() => postgres.stop());

  it('speaks only through its socket', async () => {
    expect(await ask(postgres.connectionString, 'SHOW listen_addresses')).toEqual([{ listen_addresses: '' }]);
  });

  it('is Postgres 18 with UTF-8', async () => {
    const [version] = await ask(postgres.connectionString, "SELECT current_setting('server_version') AS it");
    expect(version?.['it']).toMatch(/^18\./);
    expect(await ask(postgres.connectionString, 'SHOW server_encoding')).toEqual([
      { server_encoding: 'UTF8' },
    ]);
  });

  it('gives every caller a database of its own', async () => {
    const [a, b] = await Promise.all([
      createDatabaseOn(postgres.connectionString),
      createDatabaseOn(postgres.connectionString),
    ]);
    await ask(a.connectionString, 'CREATE TABLE only_here (id int)');
    const count = "SELECT count(*)::int AS n FROM information_schema.tables WHERE table_name = 'only_here'";
    expect(await ask(a.connectionString, count)).toEqual([{ n: 1 }]);
    expect(await ask(b.connectionString, count)).toEqual([{ n: 0 }]);
    await Promise.all([a.drop(), b.drop()]);
    await expect(ask(a.connectionString, 'SELECT 1')).rejects.toThrow(/does not exist/);
  });
});
