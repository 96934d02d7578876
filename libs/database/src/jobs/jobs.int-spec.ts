import { system } from '@nohands/domain';
import { createTestDatabase } from '@nohands/testing';
import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDataSource } from '../data-source.js';
import { migrateDatabase } from '../migrate.js';
import { JobsStore } from './jobs.store.js';
import { WorkersStore } from './workers.store.js';

const worker = system('worker');

describe(JobsStore.name, () => {
  let dataSource: DataSource;
  let jobs: JobsStore;
  let drop: () => Promise<void>;
  beforeAll(async () => {
    const database = await createTestDatabase();
    await migrateDatabase(database.connectionString);
    dataSource = await createDataSource(database.connectionString, { poolSize: 4 }).initialize();
    jobs = new JobsStore(dataSource);
    drop = () => database.drop();
  });
  beforeEach(() => dataSource.query('DELETE FROM jobs'));
  afterAll(async () => {
    await dataSource.destroy();
    await drop();
  });

  const refresh = (repositoryId = 1) =>
    jobs.request(worker, 'refresh-repository', String(repositoryId), { repositoryId });
  const claim = (workerId = 'w') => jobs.claim(worker, workerId, ['refresh-repository']);

  it('asks once for what still waits, and again for what already runs', async () => {
    const id = await refresh();
    expect(await refresh()).toBe(id);
    const job = (await claim())!;
    expect(job).toMatchObject({ id, attempt: 1, payload: { repositoryId: 1 } });
    expect(await refresh()).not.toBe(id);
    expect(await claim()).toBeNull();
    await jobs.finish(worker, job, { newCommits: 0, changedRefs: 0 });
    expect(await jobs.outcome(worker, 'refresh-repository', id)).toMatchObject({
      status: 'done',
      result: { newCommits: 0 },
    });
    expect(await claim()).not.toBeNull();
  });

  it('gives work of a lost worker to another, three times at most', async () => {
    const id = await refresh();
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      expect(await claim(`w${attempt}`)).toMatchObject({ id, attempt });
      await dataSource.query(`UPDATE jobs SET lease_expires_at = now() - interval '1 s'`);
      await jobs.reapLost(worker);
    }
    expect(await claim()).toBeNull();
    expect(await jobs.outcome(worker, 'refresh-repository', id)).toMatchObject({
      status: 'failed',
      errorCode: 'worker_lost',
    });
  });

  it('refuses the result of a lost claim', async () => {
    await refresh();
    const stale = (await claim('w1'))!;
    await dataSource.query(`UPDATE jobs SET lease_expires_at = now() - interval '1 s'`);
    await jobs.reapLost(worker);
    await claim('w2');
    expect(await jobs.finish(worker, stale, { newCommits: 1, changedRefs: 1 })).toBe(false);
  });

  it('keeps leases alive by the heartbeat of their worker', async () => {
    const workers = new WorkersStore(dataSource);
    await workers.register(worker, { id: 'alive', host: 'h', pid: 1, version: 'v', slots: 1 });
    const id = await refresh();
    await claim('alive');
    await dataSource.query(`UPDATE jobs SET lease_expires_at = now() - interval '1 s'`);
    await workers.renew(worker, 'alive', { buildIds: [], jobIds: [id] }, 10_000);
    await jobs.reapLost(worker);
    expect(await jobs.outcome(worker, 'refresh-repository', id)).toMatchObject({ status: 'running' });
    expect(await workers.list(worker)).toMatchObject([
      { id: 'alive', isAlive: true, engine: null, builds: [] },
    ]);
  });
});
