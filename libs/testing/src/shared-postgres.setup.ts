import { startTestPostgres } from '@nohands/embedded';
import { sharedPostgresVariable } from './test-database.js';

/** Vitest's global setup of the suites that need Postgres: one server for all files of the run. */
export async function setup(): Promise<() => Promise<void>> {
  const postgres = await startTestPostgres();
  process.env[sharedPostgresVariable] = postgres.connectionString;
  return async () => {
    delete process.env[sharedPostgresVariable];
    await postgres.stop();
  };
}
