import { request as openRequest, type IncomingMessage } from 'node:http';
import { createDataSource } from '@nohands/database';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openServer, type Person, type TestServer } from '../server.fixture.js';
import { BuildLogsService } from './build-logs.service.js';
import { BuildsFeed } from './builds.feed.js';
import { startTestBuild } from './running-build.fixture.js';

describe(BuildLogsService.name, () => {
  let server: TestServer;
  let admin: Person;
  let place: { repositoryId: number; commitId: number; sha: string };

  beforeAll(async () => {
    server = await openServer();
    admin = await server.makePerson('admin', { isAdmin: true });
    place = await server.makeRepository('logged');
    await server.dataSource.query(`UPDATE settings SET value = '100' WHERE key = 'max_concurrent_builds'`);
    await server.makeWorker();
  });

  afterAll(() => server.close());

  const startBuild = () => startTestBuild(server, admin, place);

  function open(id: number, query: string, accept = 'text/plain'): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${admin.token}`, accept };
      openRequest(`${server.url}/api/builds/${id}/logs${query}`, { headers }, resolve)
        .on('error', reject)
        .end();
    });
  }

  /** Reads until the text holds what is waited for. */
  async function readUntil(answer: IncomingMessage, isEnough: (text: string) => boolean): Promise<string> {
    let text = '';
    for await (const bytes of answer.iterator({ destroyOnReturn: false })) {
      text += String(bytes);
      if (isEnough(text)) return text;
    }
    return text;
  }

  it('gives the lines alone as text, and after a line only the rest', async () => {
    const build = await startBuild();
    await build.append('one', 'two');
    await build.append('drei ü', 'four');
    const whole = await server.call({ method: 'GET', url: `/api/builds/${build.id}/logs`, as: admin });
    expect([whole.status, whole.headers['content-type'], whole.body]).toEqual([
      200,
      'text/plain; charset=utf-8',
      'one\ntwo\ndrei ü\nfour\n',
    ]);
    const rest = await server.call({ method: 'GET', url: `/api/builds/${build.id}/logs?after=3`, as: admin });
    expect(rest.body).toBe('four\n');
    const nothing = await server.call({
      method: 'GET',
      url: `/api/builds/${build.id}/logs?after=99`,
      as: admin,
    });
    expect(nothing.body).toBe('');
  });

  it('says as NDJSON what every line is, what was left out, and the end only when there is one', async () => {
    const build = await startBuild();
    await build.append('one');
    await build.omit(10, 5000);
    const read = async () => {
      const headers = { accept: 'application/x-ndjson' };
      const answer = await server.app.inject({
        method: 'GET',
        url: `/api/builds/${build.id}/logs`,
        headers: { ...headers, authorization: `Bearer ${admin.token}` },
      });
      return answer.body
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as unknown);
    };
    const records = [
      { line: 1, time: '2023-11-14T22:13:20.000Z', attempt: 1, step: 1, stream: 'stdout', text: 'one' },
      { omitted: { from: 2, to: 11, bytes: 5000 } },
    ];
    expect(await read()).toEqual(records);
    await build.finish();
    const sha256 = await build.seal('whatever');
    expect(await read()).toEqual([
      ...records,
      { end: true, status: 'failed', log_lines: 11, log_sha256: sha256 },
    ]);
  });

  it('sends the headers of a log without lines at once, then each line as it comes, then ends', async () => {
    const build = await startBuild();
    const answer = await open(build.id, '?follow=true', 'application/x-ndjson');
    expect(answer.headers['content-type']).toBe('application/x-ndjson');
    await build.append('first');
    const first = await readUntil(answer, (text) => text.includes('"first"'));
    expect(first).toContain('"line":1');
    await build.append('second');
    await build.finish();
    await build.seal('first\nsecond\n');
    const rest = await readUntil(answer, () => false);
    const last = JSON.parse(rest.trim().split('\n').at(-1) ?? '') as { end: boolean; log_lines: number };
    expect([rest.includes('"second"'), last.end, last.log_lines]).toEqual([true, true, 2]);
  });

  it('has no seam between what was there and what comes, for many readers at once', async () => {
    const build = await startBuild();
    const expected = Array.from({ length: 400 }, (_, index) => `line ${index + 1}`);
    const readers: Promise<string>[] = [];
    for (let index = 0; index < expected.length; index += 4) {
      if (index % 40 === 0)
        readers.push(open(build.id, '?follow=1').then((answer) => readUntil(answer, () => false)));
      await build.append(...expected.slice(index, index + 4));
    }
    await build.finish();
    await build.seal('');
    for (const text of await Promise.all(readers)) expect(text).toBe(`${expected.join('\n')}\n`);
  });

  it('serves a reader that does not read without holding others up, and completely in the end', async () => {
    const build = await startBuild();
    const slow = await open(build.id, '?follow=true');
    slow.pause();
    const quick = open(build.id, '?follow=true').then((answer) => readUntil(answer, () => false));
    const line = 'x'.repeat(16 * 1024);
    for (let index = 0; index < 100; index += 1) await build.append(line, line, line);
    await build.finish();
    await build.seal('');
    expect((await quick).length).toBe(300 * (line.length + 1));
    expect((await readUntil(slow, () => false)).length).toBe(300 * (line.length + 1));
  });

  it('stops following for readers that went away while nothing came', async () => {
    const feed = server.app.get(BuildsFeed);
    const build = await startBuild();
    const readers = await Promise.all([open(build.id, '?follow=true'), open(build.id, '?follow=true')]);
    await build.append('seen');
    await Promise.all(readers.map((reader) => readUntil(reader, (text) => text.includes('seen'))));
    expect(feed.followedCount).toBe(1);
    for (const reader of readers) reader.destroy();
    await vi.waitFor(() => expect(feed.followedCount).toBe(0));
  });

  it('goes on after the database threw every connection out', async () => {
    const build = await startBuild();
    const answer = await open(build.id, '?follow=true');
    await build.append('before');
    await readUntil(answer, (text) => text.includes('before'));
    const own = await createDataSource(server.databaseUrl, { poolSize: 1 }).initialize();
    await own.query(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
    );
    await own.destroy();
    await vi.waitFor(() => build.append('after'), { timeout: 10_000 });
    expect(await readUntil(answer, (text) => text.includes('after'))).toContain('after\n');
    answer.destroy();
    expect((await server.call({ method: 'GET', url: '/readyz' })).status).toBe(200);
  });

  it('shows the last 64 KiB with the build, cut at a line', async () => {
    const build = await startBuild();
    const lines = Array.from({ length: 200 }, (_, index) => `${index + 1} ${'ü'.repeat(400)}`);
    for (let index = 0; index < lines.length; index += 50)
      await build.append(...lines.slice(index, index + 50));
    const { body } = await server.call({ method: 'GET', url: `/api/builds/${build.id}/`, as: admin });
    expect([body.logs_truncated, Buffer.byteLength(body.logs) <= 64 * 1024]).toEqual([true, true]);
    expect(`${lines.join('\n')}\n`.endsWith(body.logs)).toBe(true);
    expect(lines).toContain(body.logs.split('\n')[0]);
    const list = await server.call({ method: 'GET', url: '/api/builds/', as: admin });
    expect(list.body.results[0]).not.toHaveProperty('logs');
  });

  it('refuses what is no line number', async () => {
    for (const query of ['?after=-1', '?after=x', '?after=1e3', '?follow=maybe', '?after=99999999999']) {
      const answer = await server.call({ method: 'GET', url: `/api/builds/1/logs${query}`, as: admin });
      expect([query, answer.status]).toEqual([query, 422]);
    }
  });
});
