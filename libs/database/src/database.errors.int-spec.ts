import { Problem } from '@nohands/domain';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDataSource } from './data-source.js';
import { problemOfDatabaseError } from './database.errors.js';
import { openMigratedDatabase, type MigratedDatabase } from './migrated-database.fixture.js';

describe(problemOfDatabaseError.name, () => {
  let database: MigratedDatabase;
  beforeAll(async () => {
    database = await openMigratedDatabase();
  });
  afterAll(() => database.close());

  const meaning = async (work: Promise<unknown>) => {
    const error = await work.then(
      () => new Error('it went well'),
      (reason: unknown) => reason,
    );
    return problemOfDatabaseError(error)?.code ?? error;
  };
  const ask = (statement: string, ...parameters: unknown[]) =>
    meaning(database.dataSource.query(statement, parameters));

  it('blames the question for what cannot be stored or found', async () => {
    expect(await ask('SELECT 1 FROM users WHERE email = $1', 'a\0b')).toBe('bad_request');
    expect(await ask('SELECT $1::jsonb', JSON.stringify('\0'))).toBe('bad_request');
    expect(await ask('SELECT 1 FROM users WHERE id = $1', 2 ** 40)).toBe('not_found');
    expect(await ask('INSERT INTO repository_members VALUES (1, 1, $1)', 'owner')).toBe('not_found');
  });

  it('says that the database is away or busy', async () => {
    expect(await ask('SELECT pg_terminate_backend(pg_backend_pid())')).toBe('unavailable');
    const slow = await createDataSource(database.connectionString, { statementTimeoutMs: 20 }).initialize();
    expect(await meaning(slow.query('SELECT pg_sleep(5)'))).toBe('unavailable');
    await slow.destroy();
    expect(await meaning(slow.query('SELECT 1'))).toBe('unavailable');
    const nowhere = createDataSource('postgresql://nobody@localhost/none?host=/nonexistent-socket-folder');
    expect(await meaning(nowhere.initialize())).toBe('unavailable');
    const closed = createDataSource('postgresql://nobody@127.0.0.1:1/none');
    expect(await meaning(closed.initialize())).toBe('unavailable');
  });

  it('leaves our own mistakes to be mistakes', async () => {
    expect(await ask('SELECT nothing FROM nowhere')).toBeInstanceOf(Error);
    expect(problemOfDatabaseError(new Error('other'))).toBeNull();
    expect(problemOfDatabaseError(new Problem('conflict', 'x'))).toBeNull();
    expect(problemOfDatabaseError(null)).toBeNull();
  });
});
