import { system, type JobPayloads } from '@nohands/domain';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openServer, type Person, type TestServer } from '../server.fixture.js';
import { TriggerService } from './trigger.service.js';

const worker = system('worker');

describe(TriggerService.name, () => {
  let server: TestServer;
  let admin: Person;
  let place: { repositoryId: number; commitId: number; sha: string };

  beforeAll(async () => {
    server = await openServer();
    admin = await server.makePerson('admin', { isAdmin: true });
    place = await server.makeRepository('app');
  });

  afterAll(() => server.close());

  const trigger = (payload: object, headers: Record<string, string> = {}) =>
    server.call({ method: 'POST', url: '/api/builds/trigger/', as: admin, payload, headers });
  const seed = () => ({
    repository_id: place.repositoryId,
    commit_id: place.commitId,
    push_to_registry: false,
    deploy_after_build: false,
  });

  it("takes the seed's call as it is printed and answers 201 with the waiting build", async () => {
    const { status, headers, body } = await trigger(seed());
    expect(status).toBe(201);
    expect(headers['etag']).toBe('"1"');
    expect(body).toEqual({
      id: expect.any(Number),
      repository_id: place.repositoryId,
      repository_name: 'app',
      commit_id: place.commitId,
      commit_sha: place.sha,
      branch_name: 'main',
      status: 'pending',
      ref: null,
      image_tag: `app:${place.sha}`,
      image_digest: null,
      image_reference: null,
      image_size: null,
      error_code: null,
      error_message: null,
      error_detail: null,
      waiting_reason: 'no_worker',
      cancel_requested_at: null,
      stop_confirmed: null,
      push_to_registry: false,
      deploy_after_build: false,
      attempt: 0,
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      started_at: null,
      completed_at: null,
      duration: null,
      log_lines: null,
      log_sha256: null,
      revision: 1,
    });
  });

  it('answers the same key with the same build, and refuses it for another request', async () => {
    const key = { 'idempotency-key': 'deploy-42' };
    const [first, second] = await Promise.all([trigger(seed(), key), trigger(seed(), key)]);
    expect([first.status, second.body.id]).toEqual([201, first.body.id]);
    const other = await trigger({ ...seed(), push_to_registry: false, allow_stale: true }, key);
    expect([other.status, other.body.code]).toEqual([422, 'idempotency_mismatch']);
    expect((await trigger(seed(), { 'idempotency-key': '' })).status).toBe(422);
  });

  it('refuses what it cannot do, with a pointer to the field', async () => {
    const elsewhere = await server.makeRepository('elsewhere');
    const cases: [object, number, string, string | null][] = [
      [{ ...seed(), push_to_registry: true }, 422, 'registry_not_configured', '/push_to_registry'],
      [{ ...seed(), deploy_after_build: true }, 422, 'deploy_not_configured', '/deploy_after_build'],
      [{ ...seed(), ref: 'main' }, 422, 'invalid_fields', '/ref'],
      [{ repository_id: place.repositoryId }, 422, 'invalid_fields', '/commit_id'],
      [{ repository_id: place.repositoryId, commit_id: null }, 422, 'invalid_fields', '/commit_id'],
      [{ repository_id: place.repositoryId, ref: '--upload-pack=x y' }, 422, 'invalid_fields', '/ref'],
      [{ ...seed(), commit_id: elsewhere.commitId }, 422, 'invalid_fields', '/commit_id'],
      [{ ...seed(), commit_id: 999_999 }, 404, 'not_found', null],
      [{ ...seed(), commit_id: 2 ** 31 }, 404, 'not_found', null],
      [{ ...seed(), repository_id: 2 ** 40 }, 404, 'not_found', null],
      [{ ...seed(), commit_id: '1' }, 422, 'invalid_fields', '/commit_id'],
      [{ ...seed(), commit_id: 1.5 }, 422, 'invalid_fields', '/commit_id'],
      [{ ...seed(), push_to_registry: 'false' }, 422, 'invalid_fields', '/push_to_registry'],
      [{ ...seed(), push_to_registry: null }, 422, 'invalid_fields', '/push_to_registry'],
    ];
    for (const [payload, status, code, pointer] of cases) {
      const { status: got, body } = await trigger(payload);
      expect([payload, got, body.code, body.errors[0]?.pointer ?? null]).toEqual([
        payload,
        status,
        code,
        pointer,
      ]);
    }
  });

  it('builds a full SHA that is known without asking anybody', async () => {
    const { status, body } = await trigger({
      repository_id: place.repositoryId,
      ref: place.sha.toUpperCase(),
    });
    expect([status, body.commit_id, body.ref]).toEqual([201, place.commitId, place.sha.toUpperCase()]);
  });

  it('says at once that nobody can look a branch up while no worker runs', async () => {
    const { status, body } = await trigger({ repository_id: place.repositoryId, ref: 'main' });
    expect([status, body.code]).toEqual([503, 'no_worker']);
  });

  describe('with a worker', () => {
    beforeAll(() => server.makeWorker());

    /** Takes the next look-up as a worker does. */
    async function takeLookup(): Promise<{ payload: JobPayloads['resolve-ref']; job: never }> {
      for (;;) {
        const job = await server.jobs.claim(worker, 'worker-1', ['resolve-ref']);
        if (job !== null) return { payload: job.payload as JobPayloads['resolve-ref'], job: job as never };
        await new Promise((resolve) => setImmediate(resolve));
      }
    }

    it('has a branch looked up at the remote at that moment', async () => {
      const answer = trigger({ repository_id: place.repositoryId, ref: 'main' });
      const { payload, job } = await takeLookup();
      expect(payload).toEqual({ repositoryId: place.repositoryId, ref: 'main', allowStale: false });
      await server.jobs.finish(worker, job, { commitId: place.commitId, sha: place.sha, branchName: 'main' });
      const { status, body } = await answer;
      expect([status, body.ref, body.branch_name, body.commit_sha]).toEqual([201, 'main', 'main', place.sha]);
    });

    it.each([
      ['ref_not_found', 422, 'ref_not_found'],
      ['commit_not_found', 422, 'ref_not_found'],
      ['ambiguous_ref', 422, 'ambiguous_ref'],
      ['remote_unreachable', 502, 'remote_unreachable'],
      ['repository_denied', 502, 'remote_unreachable'],
    ])('passes on that a look-up failed: %s', async (workerCode, status, code) => {
      const answer = trigger({ repository_id: place.repositoryId, ref: `gone-${workerCode}` });
      const { job } = await takeLookup();
      await server.jobs.fail(worker, job, workerCode, 'What happened and what to do.');
      const { status: got, body } = await answer;
      expect([got, body.code, body.detail]).toEqual([status, code, 'What happened and what to do.']);
    });
  });
});

describe('GET /api/builds/', () => {
  let server: TestServer;
  let admin: Person;

  beforeAll(async () => {
    server = await openServer({ DOCKER_REGISTRY: 'registry.test/team' });
    admin = await server.makePerson('admin', { isAdmin: true });
  });

  afterAll(() => server.close());

  const get = (url: string) => server.call({ method: 'GET', url, as: admin });

  it('filters, and leads through all pages forth and back without gap or repeat', async () => {
    const { repositoryId, commitId, sha } = await server.makeRepository('many');
    await server.makeRepository('none');
    for (let count = 0; count < 7; count += 1) {
      const payload = { repository_id: repositoryId, commit_id: commitId, push_to_registry: true };
      const { body } = await server.call({ method: 'POST', url: '/api/builds/trigger/', as: admin, payload });
      expect(body.image_tag).toBe(`registry.test/team/many:${sha}`);
    }
    const ids: number[] = [];
    let next: string | null =
      `/api/builds/?limit=3&repository=${repositoryId}&status=pending&branch=main&commit=${commitId}`;
    let back: string | null = null;
    while (next !== null) {
      const { body } = await get(next);
      expect(body.count).toBe(7);
      ids.push(...body.results.map(({ id }: { id: number }) => id));
      next = body.next === null ? null : new URL(body.next).pathname + new URL(body.next).search;
      back = body.previous;
    }
    expect(ids).toEqual([7, 6, 5, 4, 3, 2, 1]);
    const previous = await get(new URL(back ?? '').pathname + new URL(back ?? '').search);
    expect(previous.body.results.map(({ id }: { id: number }) => id)).toEqual([4, 3, 2]);
    expect((await get('/api/builds/?page=2&limit=5')).body.results).toHaveLength(2);
    expect((await get(`/api/builds/?status=success&repository=${repositoryId}`)).body).toEqual({
      count: 0,
      next: null,
      previous: null,
      results: [],
    });
    expect((await get('/api/builds/?repository=2&branch=main')).body.count).toBe(0);
  });

  it('cancels a waiting build at once, an ended one not again, and minds If-Match', async () => {
    const cancel = (headers: Record<string, string> = {}) =>
      server.call({ method: 'POST', url: '/api/builds/1/cancel/', as: admin, headers });
    const stale = await cancel({ 'if-match': '"99"' });
    expect([stale.status, stale.body.code]).toEqual([412, 'revision_mismatch']);
    const { status, body } = await cancel({ 'if-match': '"1"' });
    expect([status, body.status, body.stop_confirmed]).toEqual([202, 'cancelled', true]);
    const again = await cancel();
    expect([again.status, again.body.code]).toEqual([409, 'already_final']);
  });
});
