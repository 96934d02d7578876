import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { startTestBuild } from '../builds/running-build.fixture.js';
import { openServer, type Person, type TestServer } from '../server.fixture.js';
import { LiveGateway } from './live.gateway.js';

type Frame = { event: string; data: { topic: string; [name: string]: unknown } };

describe(LiveGateway.name, () => {
  let server: TestServer;
  let admin: Person;
  let stranger: Person;
  let place: { repositoryId: number; commitId: number; sha: string };
  const sockets: WebSocket[] = [];

  beforeAll(async () => {
    server = await openServer();
    admin = await server.makePerson('admin', { isAdmin: true });
    stranger = await server.makePerson('stranger');
    place = await server.makeRepository('watched');
    await server.dataSource.query(`UPDATE settings SET value = '100' WHERE key = 'max_concurrent_builds'`);
    await server.makeWorker();
  });

  afterEach(() => sockets.splice(0).forEach((socket) => socket.terminate()));
  afterAll(() => server.close());

  /** Status of the refusal, or the open socket with its frames in order. */
  async function connect(headers: Record<string, string>, path = '/api/live') {
    const socket = new WebSocket(server.url.replace('http', 'ws') + path, { headers });
    sockets.push(socket);
    const frames: Frame[] = [];
    const waiting: (() => void)[] = [];
    socket.on('message', (data) => {
      frames.push(JSON.parse(String(data)) as Frame);
      for (const wake of waiting.splice(0)) wake();
    });
    const refused = new Promise<number>((resolve) => {
      socket.on('unexpected-response', (_, response) => resolve(response.statusCode ?? 0));
      socket.on('error', () => resolve(0));
    });
    const status = await Promise.race([once(socket, 'open').then(() => 101), refused]);
    /** The next frame that fits; frames before it are skipped. */
    async function take(fits: (frame: Frame) => boolean): Promise<Frame> {
      for (;;) {
        while (frames.length > 0) {
          const frame = frames.shift()!;
          if (fits(frame)) return frame;
        }
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
    }
    const send = (frame: unknown) => socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
    async function subscribe(topic: string, after?: number): Promise<Frame> {
      send({ event: 'subscribe', data: { topic, ...(after === undefined ? {} : { after }) } });
      return take(({ event, data }) => data.topic === topic && (event === 'subscribed' || event === 'error'));
    }
    return { status, socket, send, take, subscribe };
  }

  const asPerson = ({ token }: Person) => connect({ authorization: `Bearer ${token}` });

  it('lets in who is known and comes from our own page', async () => {
    expect((await connect({})).status).toBe(403);
    expect((await connect({ authorization: 'Bearer nh_wrong' })).status).toBe(401);
    expect(
      (await connect({ origin: 'http://evil.test', authorization: `Bearer ${admin.token}` })).status,
    ).toBe(403);
    expect((await connect({ origin: 'null', authorization: `Bearer ${admin.token}` })).status).toBe(403);
    expect((await connect({ origin: 'http://127.0.0.1:1', cookie: 'nohands_session=x' })).status).toBe(403);
    expect((await connect({ origin: server.url, cookie: 'nohands_session=x' })).status).toBe(401);
    expect((await connect({ authorization: `Bearer ${admin.token}` }, '/api/other')).status).toBe(404);
    expect((await connect({ origin: server.url, authorization: `Bearer ${admin.token}` })).status).toBe(101);
  });

  it('sends every line of a log after the one that is known, then the end', async () => {
    const build = await startTestBuild(server, admin, place);
    await build.append('one', 'two');
    const client = await asPerson(admin);
    const topic = `builds/${build.id}/logs`;
    await client.subscribe(topic, 1);
    const lines: (number | string)[] = [];
    const takeLog = async () => {
      const { data } = await client.take(({ event }) => event === 'log');
      for (const record of data['records'] as {
        line?: number;
        end?: true;
        log_lines?: number;
      }[]) {
        lines.push(record.end ? `end ${record.log_lines}` : (record.line ?? 0));
      }
    };
    await takeLog();
    expect(lines).toEqual([2]);
    await build.append('three');
    await takeLog();
    await build.finish();
    await build.seal('');
    await takeLog();
    expect(lines).toEqual([2, 3, 'end 3']);
  });

  it('sends whole rows of builds with rising revisions, in the list and alone', async () => {
    const client = await asPerson(admin);
    await client.subscribe('builds');
    const build = await startTestBuild(server, admin, place);
    const isRow = (status: string) => (frame: Frame) =>
      frame.data.topic === 'builds' &&
      (frame.data['build'] as { status?: string } | undefined)?.status === status;
    const running = (await client.take(isRow('running'))).data['build'] as { id: number; revision: number };
    expect(running.id).toBe(build.id);
    await client.subscribe(`builds/${build.id}`);
    await build.finish();
    const alone = await client.take(
      ({ data }) => data.topic !== 'builds' && (data['build'] as { status?: string })?.status === 'failed',
    );
    const state = alone.data['build'] as {
      revision: number;
      events: { to_status: string }[];
      steps: unknown[];
    };
    expect(state.events.map(({ to_status }) => to_status)).toEqual(['pending', 'running', 'failed']);
    expect(state.revision).toBeGreaterThan(running.revision);
    expect(state).not.toHaveProperty('logs');
  });

  it('shows a stranger nothing: no rows, no logs, no queue', async () => {
    const build = await startTestBuild(server, admin, place);
    const client = await asPerson(stranger);
    for (const [topic, code] of [
      [`builds/${build.id}`, 'not_found'],
      [`builds/${build.id}/logs`, 'not_found'],
      [`repositories/${place.repositoryId}`, 'not_found'],
      ['queue', 'forbidden'],
    ] as const) {
      const answer = await client.subscribe(topic);
      expect([topic, answer.data['code']]).toEqual([topic, code]);
    }
    await client.subscribe('builds');
    await server.addMember((await server.makeRepository('shared')).repositoryId, stranger, 'viewer');
    await build.append('secret');
    await build.finish();
    const [shared] = await server.dataSource.query(`SELECT id FROM repositories WHERE name = 'shared'`);
    const [commit] = await server.dataSource.query('SELECT id FROM commits WHERE repository_id = $1', [
      shared.id,
    ]);
    await startTestBuild(server, admin, { repositoryId: shared.id, commitId: commit.id, sha: 'x' });
    const first = await client.take(({ event }) => event === 'state');
    expect((first.data['build'] as { repository_name: string }).repository_name).toBe('shared');
  });

  it('tells of repositories that change and go', async () => {
    const client = await asPerson(admin);
    await client.subscribe('repositories');
    const { repositoryId } = await server.makeRepository('going');
    await server.call({
      method: 'PATCH',
      url: `/api/repositories/${repositoryId}/`,
      as: admin,
      payload: { description: 'new' },
    });
    const changed = await client.take(({ event }) => event === 'state');
    expect(changed.data['repository']).toMatchObject({ id: repositoryId, description: 'new' });
    await server.call({ method: 'DELETE', url: `/api/repositories/${repositoryId}/`, as: admin });
    const gone = await client.take(({ data }) => data['removed'] !== undefined);
    expect(gone.data['removed']).toBe(repositoryId);
  });

  it('sends the queue to administrators, again when it changes', async () => {
    const client = await asPerson(admin);
    await client.subscribe('queue');
    const isPaused = (wanted: boolean) => (frame: Frame) =>
      (frame.data['queue'] as { queue_paused?: boolean } | undefined)?.queue_paused === wanted;
    await client.take(isPaused(false));
    await server.call({
      method: 'PATCH',
      url: '/api/admin/settings/',
      as: admin,
      payload: { queue_paused: true },
    });
    await client.take(isPaused(true));
    await server.call({
      method: 'PATCH',
      url: '/api/admin/settings/',
      as: admin,
      payload: { queue_paused: false },
    });
  });

  it('says what is wrong with a frame and lives on; a huge one ends the connection', async () => {
    const client = await asPerson(admin);
    for (const frame of [
      'not json',
      '[]',
      '{"event":"subscribe"}',
      { event: 'subscribe', data: { topic: 'builds/0' } },
    ]) {
      client.send(frame);
      expect((await client.take(({ event }) => event === 'error')).data['code']).toBe('bad_request');
    }
    expect((await client.subscribe('builds')).event).toBe('subscribed');
    client.send('x'.repeat(20_000));
    const [code] = (await once(client.socket, 'close')) as [number];
    expect(code).toBe(1009);
  });
});
