import { system } from '@nohands/domain';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SampleService } from '../projects/sample.service.js';
import { openServer, type TestServer } from '../server.fixture.js';
import { HealthService } from './health.service.js';

describe(HealthService.name, () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await openServer();
  });

  afterAll(() => server.close());

  const ask = async (query = '') => {
    const { status, body } = await server.call({ method: 'GET', url: `/readyz${query}` });
    return [status, body];
  };
  const ready = { status: 'ready', database: 'ok', schema: 'ok', warnings: [] };
  const engine = { name: 'buildah', version: '1', warnings: [] };

  it('is ready without a builder, says why builds are off, and is not ready for who demands builds', async () => {
    const off = { builds: 'off', reasons: ['No worker runs. Builds wait until one is started.'] };
    expect(await ask()).toEqual([200, { ...ready, ...off }]);
    expect(await ask('?builds=1')).toEqual([503, { ...ready, ...off, status: 'not_ready' }]);
    await server.makeWorker();
    await server.workers.reportEngine(system('worker'), 'worker-1', {
      ...engine,
      ready: false,
      reason: 'No engine.',
    });
    expect(await ask()).toEqual([200, { ...ready, builds: 'off', reasons: ['No engine.'] }]);
    await server.workers.reportEngine(system('worker'), 'worker-1', {
      ...engine,
      ready: true,
      reason: null,
      warnings: ['Weak walls.'],
    });
    expect(await ask('?builds=1')).toEqual([
      200,
      { ...ready, builds: 'ready', reasons: [], warnings: ['Weak walls.'] },
    ]);
    expect((await ask('?builds=yes'))[0]).toBe(422);
  });

  it('says so when the tables are missing, and lives while they are', async () => {
    await server.dataSource.query('ALTER TABLE settings RENAME TO settings_away');
    const [status, body] = await ask();
    expect([status, (body as { schema: string }).schema]).toEqual([503, 'missing']);
    expect((await server.call({ method: 'GET', url: '/livez' })).body).toEqual({ status: 'alive' });
    await server.dataSource.query('ALTER TABLE settings_away RENAME TO settings');
  });
});

describe('the sample repository', () => {
  it('is offered where its folder lies, and never again once any repository was made', async () => {
    const server = await openServer({}, undefined, async (dataDir) => {
      await mkdir(join(dataDir, 'sample', '.git'), { recursive: true });
      await writeFile(join(dataDir, 'sample', '.git', 'HEAD'), 'ref: refs/heads/main\n');
    });
    try {
      const admin = await server.makePerson('admin', { isAdmin: true });
      const list = async () =>
        (await server.call({ method: 'GET', url: '/api/repositories/', as: admin })).body;
      const { results } = await list();
      expect(results).toMatchObject([
        { name: 'sample', refresh_status: 'running', url: join(server.dataDir, 'sample') },
      ]);
      await server.call({ method: 'DELETE', url: `/api/repositories/${results[0].id}/`, as: admin });
      await server.app.get(SampleService).offerSample();
      expect((await list()).count).toBe(0);
    } finally {
      await server.close();
    }
  });
});
