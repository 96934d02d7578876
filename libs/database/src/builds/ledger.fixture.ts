import { createTestDatabase } from '@nohands/testing';
import type { DataSource } from 'typeorm';
import { createDataSource } from '../data-source.js';
import { migrateDatabase } from '../migrate.js';
import { BuildClaimsStore } from './build-claims.store.js';
import { BuildLogsStore } from './build-logs.store.js';
import { BuildSweepsStore } from './build-sweeps.store.js';
import { BuildsStore } from './builds.store.js';

/** A migrated database with repositories and commits, and the stores of the ledger on it; for specs only. */
export async function openLedger() {
  const database = await createTestDatabase();
  await migrateDatabase(database.connectionString);
  const dataSource = await createDataSource(database.connectionString, { poolSize: 8 }).initialize();
  await dataSource.query(`INSERT INTO settings (key, value) VALUES ('max_concurrent_builds', '2')`);
  return {
    dataSource,
    connectionString: database.connectionString,
    builds: new BuildsStore(dataSource),
    claims: new BuildClaimsStore(dataSource),
    logs: new BuildLogsStore(dataSource),
    sweeps: new BuildSweepsStore(dataSource),
    makeRepository: (name: string) => makeRepository(dataSource, name),
    async close(): Promise<void> {
      await dataSource.destroy();
      await database.drop();
    },
  };
}

export type Ledger = Awaited<ReturnType<typeof openLedger>>;

async function makeRepository(
  dataSource: DataSource,
  name: string,
): Promise<{ repositoryId: number; commitId: number }> {
  const [repository] = await dataSource.query(
    `INSERT INTO repositories (name, url, image_name) VALUES ($1, 'https://git.test/repository', $1) RETURNING id`,
    [name],
  );
  const [commit] = await dataSource.query(
    `INSERT INTO commits (repository_id, sha, message, author, author_email, committed_at)
     VALUES ($1, $2, 'first', 'A', 'a@test', now()) RETURNING id`,
    [repository.id, 'a'.repeat(40)],
  );
  return { repositoryId: repository.id, commitId: commit.id };
}
