import { createTestDatabase } from '@nohands/testing';
import { createDataSource } from './data-source.js';
import { migrateDatabase } from './migrate.js';

/** An empty, migrated database and its pool; for specs only. */
export async function openMigratedDatabase() {
  const database = await createTestDatabase();
  await migrateDatabase(database.connectionString);
  const dataSource = await createDataSource(database.connectionString, { poolSize: 8 }).initialize();
  return {
    dataSource,
    connectionString: database.connectionString,
    async close(): Promise<void> {
      await dataSource.destroy();
      await database.drop();
    },
  };
}

export type MigratedDatabase = Awaited<ReturnType<typeof openMigratedDatabase>>;

/** The code of the problem that the work ends with; fails when it ends well or with something else. */
export async function problemCodeOf(work: Promise<unknown>): Promise<unknown> {
  const outcome = await work.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if ('value' in outcome) throw new Error(`Expected a problem, got ${JSON.stringify(outcome.value)}.`);
  const { error } = outcome;
  if (error instanceof Error && error.name === 'Problem' && 'code' in error) return error.code;
  throw error;
}
