import type { Configuration } from '@nohands/config';
import { createDataSource, JobsStore, migrateDatabase, RepositoriesStore } from '@nohands/database';
import { system } from '@nohands/domain';
import type { Tickets } from '@nohands/queue';
import { createTestDatabase } from '@nohands/testing';
import { expect, it } from 'vitest';
import { RepositoryPoller } from './repository-poller.js';

it(`${RepositoryPoller.name} asks for a refresh of what is due, once`, async () => {
  const database = await createTestDatabase();
  await migrateDatabase(database.connectionString);
  const dataSource = await createDataSource(database.connectionString, { poolSize: 2 }).initialize();
  try {
    const repositories = new RepositoriesStore(dataSource);
    const tickets: number[] = [];
    const queue = {
      add: async (_name: string, count: number) => void tickets.push(count),
    } as unknown as Tickets;
    const poller = new RepositoryPoller(repositories, queue, { repositoryPollSeconds: 60 } as Configuration);
    await repositories.create(system('test'), { name: 'due', url: 'https://git.test/due' });
    await repositories.create(system('test'), { name: 'fresh', url: 'https://git.test/fresh' });
    await dataSource.query(`DELETE FROM jobs`);
    await dataSource.query(
      `UPDATE repositories SET refresh_status = 'idle',
              refreshed_at = now() - CASE name WHEN 'due' THEN 61 ELSE 10 END * interval '1 s'`,
    );
    await poller.look();
    await poller.look();
    expect(tickets).toEqual([1]);
    const job = await new JobsStore(dataSource).claim(system('test'), 'w', ['refresh-repository']);
    const due = await repositories.find(system('test'), 1);
    expect([due?.name, job?.payload]).toEqual(['due', { repositoryId: 1 }]);
  } finally {
    await dataSource.destroy();
    await database.drop();
  }
});
