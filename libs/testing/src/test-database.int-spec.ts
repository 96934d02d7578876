import { Client } from 'pg';
import { describe, expect, it } from 'vitest';
import { createTestDatabase, sharedPostgresVariable } from './test-database.js';

describe(createTestDatabase.name, () => {
  it('makes an empty database on the server that all files of the run share', async () => {
    const database = await createTestDatabase();
    const client = new Client({ connectionString: database.connectionString });
    await client.connect();
    const { rows } = await client.query<{ folder: string }>('SHOW unix_socket_directories');
    await client.end();
    await database.drop();
    const shared = new URL((process.env[sharedPostgresVariable] ?? '').replace('@/', '@host/'));
    expect(rows).toEqual([{ unix_socket_directories: shared.searchParams.get('host') }]);
  });
});
