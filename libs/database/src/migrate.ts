import type { DataSource } from 'typeorm';
import { createDataSource } from './data-source.js';
import { readRow, readRows } from './sql.js';

// Any constant that nothing else on this database locks: "nohands" in ASCII, without its first letters.
const migrationLock = 0x68616e6473;

/** The database was migrated by a later version of NoHands than this one. */
export class DatabaseNewerError extends Error {
  override readonly name = 'DatabaseNewerError';
  readonly code = 'database_newer';

  constructor(unknown: readonly string[]) {
    super(
      `The database was upgraded by a newer version of NoHands (it knows ${unknown.join(', ')}, this version does not), ` +
        'so this version does not touch it. Start the newer version again, or restore a backup made before the upgrade.',
    );
  }
}

/**
 * Brings the schema to this version. Safe when several processes start at once: one migrates, the others wait for it
 * and find nothing left to do. A crash leaves whole migrations only. Throws `DatabaseNewerError`.
 */
export async function migrateDatabase(connectionString: string): Promise<void> {
  // Two connections: one holds the lock for the whole time, the other migrates. Waiting has no time limit.
  const dataSource = createDataSource(connectionString, {
    poolSize: 2,
    statementTimeoutMs: 0,
    applicationName: 'nohands-migrate',
  });
  await dataSource.initialize();
  try {
    await withMigrationLock(dataSource, async () => {
      await refuseNewerDatabase(dataSource);
      await dataSource.runMigrations({ transaction: 'each' });
    });
  } finally {
    await dataSource.destroy();
  }
}

async function withMigrationLock(dataSource: DataSource, work: () => Promise<void>): Promise<void> {
  const holder = dataSource.createQueryRunner();
  try {
    await holder.query('SELECT pg_advisory_lock($1)', [migrationLock]);
    await work();
    await holder.query('SELECT pg_advisory_unlock($1)', [migrationLock]);
  } finally {
    await holder.release();
  }
}

async function refuseNewerDatabase(dataSource: DataSource): Promise<void> {
  const table = await readRow<{ exists: boolean }>(
    dataSource,
    `SELECT to_regclass('migrations') IS NOT NULL AS exists`,
  );
  if (!table?.exists) return;
  const known = new Set(dataSource.migrations.map((migration) => migration.constructor.name));
  const applied = await readRows<{ name: string }>(dataSource, 'SELECT name FROM migrations ORDER BY id');
  const unknown = applied.map(({ name }) => name).filter((name) => !known.has(name));
  if (unknown.length > 0) throw new DatabaseNewerError(unknown);
}
