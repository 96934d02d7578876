import { Problem, system, type Principal } from '@nohands/domain';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BuildClaimsStore } from './build-claims.store.js';
import { WorkersStore } from '../jobs/workers.store.js';
import { openLedger, type Ledger } from './ledger.fixture.js';

const worker = system('worker');
const nobody: Principal = { kind: 'user', userId: 999_999, email: 'n@test', isAdmin: false, tokenId: null };

describe(BuildClaimsStore.name, () => {
  let ledger: Ledger;
  beforeEach(async () => {
    ledger = await openLedger();
  });
  afterEach(() => ledger.close());

  const trigger = (place: { repositoryId: number; commitId: number }, timeoutSeconds = 60): Promise<number> =>
    ledger.builds.trigger(system('test'), {
      ...place,
      ref: null,
      branchName: 'main',
      pushToRegistry: false,
      timeoutSeconds,
      imageTag: 'app:' + 'a'.repeat(40),
    });
  const claim = (workerId = 'w1') => ledger.claims.claimNext(worker, workerId, 'fake');
  const statusOf = async (id: number) => (await ledger.builds.find(worker, id))?.status;

  it('claims builds in order, up to the limit and no further', async () => {
    const place = await ledger.makeRepository('one');
    const [first, second] = [await trigger(place), await trigger(place), await trigger(place)];
    expect((await claim())?.id).toBe(first);
    expect((await claim())?.id).toBe(second);
    expect(await claim()).toBeNull();
    expect(await ledger.claims.countClaimable(worker)).toBe(0);
  });

  it('lets a repository with one build pass one with many', async () => {
    const crowd = await ledger.makeRepository('crowd');
    for (let index = 0; index < 5; index += 1) await trigger(crowd);
    const single = await trigger(await ledger.makeRepository('single'));
    await claim();
    expect((await claim())?.id).toBe(single);
  });

  it('ends a build whose last lines and steps hold NUL, which Postgres cannot', async () => {
    const id = await trigger(await ledger.makeRepository('nul'));
    const build = (await claim())!;
    const step = {
      ...({ number: 1, name: 'RUN a\0b', status: 'failed', cached: false } as const),
      ...{ startedAt: 0, completedAt: 1, exitCode: 3 },
    };
    expect(await ledger.claims.saveSteps(worker, build, [step])).toBe(true);
    const failure = { code: 'step_failed', message: 'The step "RUN a\0b" failed.', detail: 'c\0d' } as const;
    expect(await ledger.claims.fail(worker, build, failure)).toBe('failed');
    expect(await ledger.builds.find(worker, id)).toMatchObject({
      status: 'failed',
      errorMessage: 'The step "RUN a\uFFFDb" failed.',
      errorDetail: 'c\uFFFDd',
    });
  });

  it('ends the steps that still seem to run as the build ends', async () => {
    const place = await ledger.makeRepository('steps');
    const step = {
      ...({ number: 1, name: 'Push', status: 'running', cached: false } as const),
      ...{ startedAt: 0, completedAt: null, exitCode: null },
    };
    const statuses: unknown[] = [];
    for (const end of ['succeed', 'fail'] as const) {
      const id = await trigger(place);
      const build = (await claim())!;
      await ledger.claims.saveSteps(worker, build, [step]);
      if (end === 'succeed') await ledger.claims.succeed(worker, build, null);
      else await ledger.claims.fail(worker, build, { code: 'internal', message: 'x', detail: null });
      statuses.push((await ledger.builds.steps(worker, id))[0]?.status);
    }
    expect(statuses).toEqual(['success', 'failed']);
  });

  it('gives a build to one of many workers that race for it', async () => {
    const id = await trigger(await ledger.makeRepository('race'));
    const claims = await Promise.all(Array.from({ length: 8 }, (_, index) => claim(`w${index}`)));
    expect(claims.filter((build) => build !== null).map((build) => build?.id)).toEqual([id]);
  });

  it('never runs more than the limit, however many claim at once', async () => {
    const place = await ledger.makeRepository('limit');
    for (let index = 0; index < 10; index += 1) await trigger(place);
    const claims = await Promise.all(Array.from({ length: 8 }, (_, index) => claim(`w${index}`)));
    expect(claims.filter((build) => build !== null)).toHaveLength(2);
  });

  it('refuses every write of an attempt that was taken over', async () => {
    const id = await trigger(await ledger.makeRepository('fence'));
    const stale = (await claim('w1'))!;
    await ledger.dataSource.query(`UPDATE build_attempts SET lease_expires_at = now() - interval '1 s'`);
    expect(await ledger.sweeps.sweep(system('sweeper'))).toBe(true);
    expect(await statusOf(id)).toBe('pending');
    const fresh = (await claim('w2'))!;
    expect(fresh).toMatchObject({ id, attempt: 2 });

    const step = {
      number: 1,
      name: 'late',
      status: 'running',
      cached: false,
      startedAt: 0,
      completedAt: null,
      exitCode: null,
    } as const;
    expect(await ledger.claims.saveSteps(worker, stale, [step])).toBe(false);
    expect(
      await ledger.claims.keepImage(worker, stale, { digest: 'sha256:x', mediaType: 'm', size: 1 }),
    ).toBe(false);
    expect(await ledger.claims.succeed(worker, stale, null)).toBe(false);
    expect(
      await ledger.claims.fail(worker, stale, { code: 'step_failed', message: 'late', detail: null }),
    ).toBeNull();
    expect(await ledger.claims.stop(worker, stale, { reason: 'requested', isConfirmed: true })).toBe(false);
    expect(await statusOf(id)).toBe('running');
    expect(await ledger.claims.succeed(worker, fresh, null)).toBe(true);
    expect(await statusOf(id)).toBe('success');
    const { length } = await ledger.builds.events(worker, id);
    expect(length).toBe(5);
  });

  it('ends a build whose worker is lost three times, and says so', async () => {
    const id = await trigger(await ledger.makeRepository('lost'));
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      await ledger.dataSource.query('UPDATE builds SET not_before = NULL');
      expect(await claim()).toMatchObject({ id, attempt });
      await ledger.dataSource.query(`UPDATE build_attempts SET lease_expires_at = now() - interval '1 s'`);
      await ledger.sweeps.sweep(system('sweeper'));
    }
    expect(await ledger.builds.find(worker, id)).toMatchObject({
      status: 'failed',
      errorCode: 'worker_lost',
    });
  });

  it('reaps nobody for one lease after an outage', async () => {
    const id = await trigger(await ledger.makeRepository('outage'));
    await claim();
    await ledger.dataSource.query(`UPDATE build_attempts SET lease_expires_at = now() - interval '1 s'`);
    await ledger.dataSource.query(`UPDATE sweeps SET looked_at = now() - interval '20 s'`);
    await ledger.sweeps.sweep(system('sweeper'));
    expect(await statusOf(id)).toBe('running');
    await ledger.dataSource.query(`UPDATE sweeps SET patient_until = now() - interval '1 ms'`);
    await ledger.sweeps.sweep(system('sweeper'));
    expect(await statusOf(id)).toBe('pending');
  });

  it('cancels a waiting build at once and a running one when its worker confirms', async () => {
    const place = await ledger.makeRepository('cancel');
    const [running, waiting] = [await trigger(place), await trigger(place)];
    const held = (await claim())!;
    await ledger.builds.requestCancel(system('test'), waiting);
    expect(await ledger.builds.find(worker, waiting)).toMatchObject({
      status: 'cancelled',
      stopConfirmed: true,
    });
    await ledger.builds.requestCancel(system('test'), running);
    await ledger.builds.requestCancel(system('test'), running);
    expect(await statusOf(running)).toBe('running');
    await ledger.claims.stop(worker, held, { reason: 'requested', isConfirmed: true });
    expect(await ledger.builds.find(worker, running)).toMatchObject({
      status: 'cancelled',
      stopConfirmed: true,
    });
    await expect(ledger.builds.requestCancel(system('test'), running)).rejects.toMatchObject({
      code: 'already_final',
    });
  });

  it('ends a cancel that nobody acknowledges after 15 s, and says that the stop is not confirmed', async () => {
    const id = await trigger(await ledger.makeRepository('deaf'));
    await claim();
    await ledger.builds.requestCancel(system('test'), id);
    await ledger.dataSource.query(
      `UPDATE builds SET cancel_requested_at = now() - interval '16 s' WHERE id = $1`,
      [id],
    );
    await ledger.sweeps.sweep(system('sweeper'));
    expect(await ledger.builds.find(worker, id)).toMatchObject({ status: 'cancelled', stopConfirmed: false });
  });

  it('ends a build that its worker cannot stop in time, although the worker lives', async () => {
    const id = await trigger(await ledger.makeRepository('endless'), 60);
    await claim();
    await ledger.dataSource.query(`UPDATE builds SET started_at = now() - interval '74 s'`);
    await ledger.sweeps.sweep(system('sweeper'));
    expect(await statusOf(id)).toBe('running');
    await ledger.dataSource.query(`UPDATE builds SET started_at = now() - interval '76 s'`);
    await ledger.sweeps.sweep(system('sweeper'));
    expect(await ledger.builds.find(worker, id)).toMatchObject({
      status: 'failed',
      errorCode: 'timeout',
      stopConfirmed: false,
    });
  });

  it('does not count an attempt that a stopping worker handed over', async () => {
    const id = await trigger(await ledger.makeRepository('restarts'));
    for (let restart = 0; restart < 4; restart += 1) await ledger.claims.handOver(worker, (await claim())!);
    await claim();
    await ledger.dataSource.query(`UPDATE build_attempts SET lease_expires_at = now() - interval '1 s'`);
    await ledger.sweeps.sweep(system('sweeper'));
    expect(await statusOf(id)).toBe('pending');
  });

  it('renews only what a worker really has in hand: a claim whose answer got lost expires', async () => {
    const place = await ledger.makeRepository('unknown');
    const [known, unknown] = [await trigger(place), await trigger(place)];
    await claim('w1');
    await claim('w1');
    await ledger.dataSource.query(`UPDATE build_attempts SET lease_expires_at = now() - interval '1 s'`);
    const workers = new WorkersStore(ledger.dataSource);
    const held = await workers.renew(worker, 'w1', { buildIds: [known], jobIds: [] }, 10_000);
    expect(held.map(({ buildId }) => buildId)).toEqual([known]);
    await ledger.sweeps.sweep(system('sweeper'));
    expect(await statusOf(known)).toBe('running');
    expect(await statusOf(unknown)).toBe('pending');
  });

  it('tries an infrastructure failure again and never a failing step', async () => {
    const place = await ledger.makeRepository('retry');
    await trigger(place);
    const first = (await claim())!;
    expect(
      await ledger.claims.fail(worker, first, { code: 'registry_unreachable', message: 'm', detail: null }),
    ).toBe('pending');
    const second = (await claim())!;
    expect(await ledger.claims.fail(worker, second, { code: 'step_failed', message: 'm', detail: 'd' })).toBe(
      'failed',
    );
  });

  it('goes straight to the push when an earlier attempt kept the image', async () => {
    await trigger(await ledger.makeRepository('kept'));
    const first = (await claim())!;
    expect(first.keptDigest).toBeNull();
    await ledger.claims.keepImage(worker, first, { digest: 'sha256:abc', mediaType: 'm', size: 5 });
    await ledger.claims.handOver(worker, first);
    expect((await claim())?.keptDigest).toBe('sha256:abc');
  });

  it('answers the same build for the same key, and refuses the key for another request', async () => {
    const place = await ledger.makeRepository('key');
    const [user] = await ledger.dataSource.query(
      `INSERT INTO users (email, name, is_admin) VALUES ('u@test', 'U', true) RETURNING id`,
    );
    const actor: Principal = { kind: 'user', userId: user.id, email: 'u@test', isAdmin: true, tokenId: null };
    const build = {
      ...place,
      ref: null,
      branchName: null,
      pushToRegistry: false,
      timeoutSeconds: 1,
      imageTag: 't',
    };
    const ask = (requestSha256: string) => ledger.builds.trigger(actor, build, { key: 'k', requestSha256 });
    const ids = await Promise.all([ask('1'), ask('1'), ask('1')]);
    expect(new Set(ids).size).toBe(1);
    await expect(ask('2')).rejects.toMatchObject({ code: 'idempotency_mismatch' });
  });

  it('shows and does nothing for a stranger', async () => {
    const place = await ledger.makeRepository('private');
    const id = await trigger(place);
    expect(await ledger.builds.find(nobody, id)).toBeNull();
    expect((await ledger.builds.page(nobody, {}, { limit: 20 })).results).toEqual([]);
    expect(await ledger.logs.position(nobody, id)).toBeNull();
    await expect(ledger.builds.requestCancel(nobody, id)).rejects.toBeInstanceOf(Problem);
    await expect(
      ledger.builds.trigger(nobody, {
        ...place,
        ref: null,
        branchName: null,
        pushToRegistry: false,
        timeoutSeconds: 1,
        imageTag: 't',
      }),
    ).rejects.toMatchObject({ code: 'not_found' });
  });

  it('says why a build waits', async () => {
    const id = await trigger(await ledger.makeRepository('why'));
    const reason = async () => (await ledger.builds.find(worker, id))?.waitingReason;
    expect(await reason()).toBe('no_worker');
    await ledger.dataSource.query(
      `INSERT INTO workers (id, host, pid, version, slots) VALUES ('w', 'h', 1, 'v', 2)`,
    );
    expect(await reason()).toBe('no_engine');
    await ledger.dataSource.query(`UPDATE workers SET engine_ready = true`);
    expect(await reason()).toBeNull();
    await ledger.dataSource.query(`INSERT INTO settings (key, value) VALUES ('queue_paused', 'true')`);
    expect(await reason()).toBe('queue_paused');
    expect(await claim()).toBeNull();
  });
});
