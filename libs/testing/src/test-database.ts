import { createDatabaseOn, startTestPostgres, type TestDatabase, type TestPostgres } from '@nohands/embedded';

/** Set by the global setup of a test run: the server all its files share. */
export const sharedPostgresVariable = 'NOHANDS_TEST_POSTGRES';

let own: Promise<TestPostgres> | undefined;

/**
 * An empty database of this test file's own, on the server of the run (without one, on a server of this process that
 * ends with it). `drop` it in `afterAll`.
 */
export async function createTestDatabase(): Promise<TestDatabase> {
  const shared = process.env[sharedPostgresVariable];
  if (shared) return createDatabaseOn(shared);
  own ??= startTestPostgres();
  return createDatabaseOn((await own).connectionString);
}
