import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { startRedis, type Redis } from '@nohands/testing';
import { Redis as IoRedis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { end, processesWith, Workshop } from './workshop.fixture.js';

const dockerfile = (...steps: string[]): Record<string, string> => ({
  Dockerfile: ['FROM scratch', 'COPY busybox /bin/busybox', 'COPY busybox /bin/sh', ...steps, ''].join('\n'),
});
/** Writes ten numbered lines, one every 0.3 s; `mark` finds its processes. */
const slow = (mark: string): string =>
  `RUN echo ${mark}; i=0; while [ $i -lt 10 ]; do i=$((i+1)); echo "line $i"; /bin/busybox sleep 0.3; done`;

const numbers = async (workshop: Workshop, id: number): Promise<number[]> =>
  (await workshop.records(id)).map((record) => ('line' in record ? record.line.line : -1));

describe.each(['Postgres', 'Redis'] as const)('the worker, with its queue on %s', (backend) => {
  let workshop: Workshop;
  let redis: Redis | undefined;
  beforeAll(async () => {
    redis = backend === 'Redis' ? await startRedis() : undefined;
    workshop = await Workshop.open(redis === undefined ? {} : { redisUrl: redis.url });
    await workshop.startWorker();
  });
  afterAll(async () => {
    await workshop.close();
    await redis?.stop();
  });

  it('builds a commit, keeps its image, and seals a log whose lines are numbered without a gap', async () => {
    const place = await workshop.makeRepository('builds', dockerfile('RUN echo out; echo err >&2'));
    const id = await workshop.trigger(place);
    const build = await workshop.ended(id);
    expect(build).toMatchObject({ status: 'success', attempt: 1, errorCode: null });
    expect(build.imageDigest).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(await workshop.texts(id)).toEqual(expect.arrayContaining(['out', 'err']));
    const lines = await numbers(workshop, id);
    expect(lines).toEqual(lines.map((_, index) => index + 1));
    expect(build).toMatchObject({ logLines: lines.length, logSha256: await workshop.logSha256(id) });
    const steps = await workshop.stores.builds.steps({ kind: 'system', name: 'test' }, id);
    expect(steps.map(({ name, status }) => [name.split(' ')[0], status])).toEqual([
      ['Check', 'success'],
      ['FROM', 'success'],
      ['COPY', 'success'],
      ['COPY', 'success'],
      ['RUN', 'success'],
      ['Keep', 'success'],
    ]);
  });

  it('says which step failed, with its exit code and last lines', async () => {
    const place = await workshop.makeRepository('fails', dockerfile('RUN echo before; exit 42'));
    const id = await workshop.trigger(place);
    const build = await workshop.ended(id);
    expect(build).toMatchObject({ status: 'failed', attempt: 1, errorCode: 'step_failed' });
    expect(build.errorMessage).toMatch(/42/);
    expect(build.errorDetail).toMatch(/before/);
  });

  it('cancels a running build and leaves no process of it', async () => {
    const place = await workshop.makeRepository('cancels', dockerfile(slow(`cancel-${backend}`)));
    const id = await workshop.trigger(place);
    await workshop.line(id, /line 2/);
    expect(processesWith(`cancel-${backend}`)).not.toEqual([]);
    await workshop.cancel(id);
    const build = await workshop.ended(id);
    expect(build).toMatchObject({ status: 'cancelled', stopConfirmed: true, cancelReason: 'requested' });
    expect(processesWith(`cancel-${backend}`)).toEqual([]);
  });

  it('stops a build that takes longer than it may', async () => {
    const place = await workshop.makeRepository('times-out', dockerfile(slow(`timeout-${backend}`)));
    const id = await workshop.trigger(place, { timeoutSeconds: 2 });
    expect(await workshop.ended(id)).toMatchObject({ status: 'failed', errorCode: 'timeout' });
    expect(processesWith(`timeout-${backend}`)).toEqual([]);
  });

  it('refuses a Dockerfile that leads out of the tree', async () => {
    const place = await workshop.makeRepository('links', { other: 'x' });
    place.git.commit('a link out', { Dockerfile: { link: '/etc/passwd' } });
    await workshop.stores.repositories.requestRefresh({ kind: 'system', name: 'test' }, place.repositoryId);
    const commit = await workshop.until(() =>
      workshop.stores.commits.findBySha(
        { kind: 'system', name: 'test' },
        place.repositoryId,
        place.git.git('rev-parse', 'HEAD'),
      ),
    );
    const id = await workshop.trigger({ ...place, commitId: commit.id });
    const build = await workshop.ended(id);
    expect(build).toMatchObject({ status: 'failed', errorCode: 'unsafe_path' });
    expect((await workshop.texts(id)).join('\n')).not.toMatch(/root:/);
  });
});

describe('a worker that is lost', () => {
  let workshop: Workshop;
  beforeAll(async () => {
    workshop = await Workshop.open({ limit: 1 });
  });
  afterAll(() => workshop.close());

  it('kill -9 in the middle of a build: another attempt runs, numbers have no gap, nothing of the first one lives', async () => {
    await workshop.startWorker();
    await workshop.startWorker();
    const place = await workshop.makeRepository('lost', dockerfile(slow('lost-build')));
    const id = await workshop.trigger(place);
    await workshop.line(id, /line 3/);
    await end(await workshop.holderOf(id), 'SIGKILL');
    const lostAt = Date.now();
    await workshop.running(id, 2);
    expect(Date.now() - lostAt).toBeLessThan(15_000);
    const build = await workshop.ended(id);
    expect(build).toMatchObject({ status: 'success', attempt: 2 });
    const lines = await numbers(workshop, id);
    expect(lines).toEqual(lines.map((_, index) => index + 1));
    const texts = await workshop.texts(id);
    expect(texts.filter((text) => text === 'line 10')).toHaveLength(1);
    expect(texts.filter((text) => text === 'line 1')).toHaveLength(2);
    expect(processesWith('lost-build')).toEqual([]);
    const running = join(workshop.folder, 'data', 'builds', 'running');
    expect(
      existsSync(running) ? readdirSync(running).flatMap((pid) => readdirSync(join(running, pid))) : [],
    ).toEqual([]);
  });

  it('SIGTERM hands a running build over and ends with 0', async () => {
    const worker = await workshop.startWorker();
    const place = await workshop.makeRepository('handed', dockerfile(slow('handed-build')));
    const id = await workshop.trigger(place);
    await workshop.line(id, /line 2/);
    expect(await Promise.all(workshop.workers.map((each) => end(each, 'SIGTERM')))).toContain(0);
    expect(worker.exitCode).toBe(0);
    expect(processesWith('handed-build')).toEqual([]);
    await workshop.startWorker();
    expect(await workshop.ended(id)).toMatchObject({ status: 'success', attempt: 2 });
  });
});

describe('a Redis that goes away', () => {
  it('FLUSHALL and a stop in the middle of a build: the build goes on, waiting ones start, nothing runs twice', async () => {
    const redis = await startRedis();
    const workshop = await Workshop.open({ redisUrl: redis.url, limit: 1 });
    try {
      await workshop.startWorker();
      const place = await workshop.makeRepository('redis', dockerfile(slow('redis-build')));
      const [running, waiting] = [await workshop.trigger(place), await workshop.trigger(place)];
      await workshop.line(running, /line 2/);
      const client = new IoRedis(redis.url);
      await client.flushall();
      await client.quit();
      await workshop.line(running, /line 4/);
      await redis.stop();
      const first = await workshop.ended(running);
      const second = await workshop.ended(waiting);
      for (const build of [first, second]) expect(build).toMatchObject({ status: 'success', attempt: 1 });
      expect(Number(second.startedAt) - Number(first.completedAt)).toBeLessThan(5_000);
    } finally {
      await workshop.close();
    }
  });
});
