import { createTestDatabase } from '@nohands/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DataSource } from 'typeorm';
import { createDataSource } from './data-source.js';
import { DatabaseNewerError, migrateDatabase } from './migrate.js';
import { migrations } from './migrations.js';
import { readRows } from './sql.js';

type TestDatabase = Awaited<ReturnType<typeof createTestDatabase>>;

const tablesOf = (dataSource: DataSource) =>
  readRows<{ name: string }>(
    dataSource,
    `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1`,
  ).then((rows) => rows.map(({ name }) => name));

describe('the schema', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  beforeAll(async () => {
    database = await createTestDatabase();
    // Four processes that start at once.
    await Promise.all([1, 2, 3, 4].map(() => migrateDatabase(database.connectionString)));
    dataSource = await createDataSource(database.connectionString, { poolSize: 2 }).initialize();
  });
  afterAll(async () => {
    await dataSource.destroy();
    await database.drop();
  });

  const pendingChanges = async () => {
    const statements = await dataSource.driver.createSchemaBuilder().log();
    return statements.upQueries.map(({ query }) => query);
  };

  it('is migrated once, however many processes start', async () => {
    expect(await readRows(dataSource, 'SELECT name FROM migrations ORDER BY id')).toEqual(
      migrations.map(({ name }) => ({ name })),
    );
  });

  it('is all that the entities ask for', async () => {
    expect(await pendingChanges()).toEqual([]);
  });

  it('is compared for real: a column, a constraint and a foreign key too few are noticed', async () => {
    const runner = dataSource.createQueryRunner();
    try {
      await runner.query('ALTER TABLE jobs DROP COLUMN not_before');
      await runner.query('ALTER TABLE refs DROP CONSTRAINT ck_refs_kind');
      await runner.query('ALTER TABLE images DROP CONSTRAINT fk_images_build');
      const changes = (await pendingChanges()).join('\n');
      expect(changes).toContain('not_before');
      expect(changes).toContain('ck_refs_kind');
      expect(changes).toContain('fk_images_build');
    } finally {
      await runner.query('ALTER TABLE jobs ADD COLUMN not_before timestamptz(3)');
      await runner.query(`ALTER TABLE refs ADD CONSTRAINT ck_refs_kind CHECK (kind IN ('branch', 'tag'))`);
      await runner.query(
        `ALTER TABLE images ADD CONSTRAINT fk_images_build FOREIGN KEY (build_id) REFERENCES builds ON DELETE CASCADE`,
      );
      await runner.release();
    }
    expect(await pendingChanges()).toEqual([]);
  });

  it('goes down to nothing and up again', async () => {
    const before = await tablesOf(dataSource);
    for (let left = migrations.length; left > 0; left -= 1) await dataSource.undoLastMigration();
    expect(await tablesOf(dataSource)).toEqual(['migrations']);
    await migrateDatabase(database.connectionString);
    expect(await tablesOf(dataSource)).toEqual(before);
    expect(await pendingChanges()).toEqual([]);
  });

  it('is left alone when a newer version made it', async () => {
    await dataSource.query(
      `INSERT INTO migrations (timestamp, name) VALUES (9999999999999, 'Future9999999999999')`,
    );
    const refusal = await migrateDatabase(database.connectionString).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(DatabaseNewerError);
    expect(String(refusal)).toContain('Future9999999999999');
    await dataSource.query(`DELETE FROM migrations WHERE timestamp = 9999999999999`);
  });
});
