import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openServer, type Person, type TestServer } from '../server.fixture.js';
import { ProblemFilter } from './problem.filter.js';

describe(ProblemFilter.name, () => {
  let server: TestServer;
  let admin: Person;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nohands-dashboard-'));
    await mkdir(join(folder, 'media'));
    await writeFile(join(folder, 'index.html'), '<html><body><app-root></app-root></body></html>');
    await writeFile(join(folder, 'main-3zsSsfi8.js'), 'run()');
    await writeFile(join(folder, 'favicon.svg'), '<svg/>');
    server = await openServer({ ALLOWED_HOSTS: 'builds.test,.wild.test' }, folder);
    admin = await server.makePerson('admin', { isAdmin: true });
  });

  afterAll(async () => {
    await server.close();
    await rm(folder, { recursive: true, force: true });
  });

  const get = (url: string, headers: Record<string, string> = {}) =>
    server.call({ method: 'GET', url, as: admin, headers });
  const post = (payload: string | object, headers: Record<string, string> = {}) =>
    server.call({
      method: 'POST',
      url: '/api/repositories/',
      as: admin,
      payload,
      headers: { 'content-type': 'application/json', ...headers },
    });

  it.each([
    ['/api/repositories/?limit=1e9', 422, 'query:limit'],
    ['/api/repositories/?limit=101', 422, 'query:limit'],
    ['/api/repositories/?limit=0', 422, 'query:limit'],
    ['/api/repositories/?limit=1&limit=2', 422, 'query:limit'],
    ['/api/repositories/?page=101', 422, 'query:page'],
    ['/api/repositories/?colour=red', 422, 'query:colour'],
    ['/api/repositories/?toString=1', 422, 'query:toString'],
    ['/api/repositories/?cursor=forged', 400, null],
    ['/api/repositories/?cursor=%00', 422, 'query:cursor'],
    ['/api/branches/?repository=abc', 422, 'query:repository'],
    ['/api/branches/?repository=0x10', 422, 'query:repository'],
    ['/api/branches/?repository=', 422, 'query:repository'],
    ['/api/branches/?repository=99', 404, null],
    ['/api/tags/?repository=4294967296', 404, null],
    ['/api/commits/?branch=99999999999999999999', 422, 'query:branch'],
    ['/api/commits/?branch=9999999999', 404, null],
    ['/api/builds/?status=done', 422, 'query:status'],
    ['/api/builds/?commit=9999999999', 404, null],
    ['/api/builds/99999999999999999999/', 404, null],
    ['/api/builds/2147483648/', 404, null],
    ['/api/builds/-1/', 404, null],
    ['/api/builds/1e1/', 404, null],
    ['/api/builds/%00/', 404, null],
    ['/api/unknown/', 404, null],
    ['/%zz', 400, null],
    ['/api/%c0%ae/', 400, null],
  ])('GET %s: %i', async (url, status, pointer) => {
    const { status: got, headers, body } = await get(url);
    expect([got, headers['content-type'], body.errors[0]?.pointer ?? null]).toEqual([
      status,
      'application/problem+json',
      pointer,
    ]);
    expect(body).toMatchObject({ type: 'about:blank', status, request_id: headers['x-request-id'] });
  });

  it.each([
    ['{', 400],
    ['', 422],
    ['null', 422],
    ['[]', 422],
    ['5', 422],
    ['"x"', 422],
    [`${'['.repeat(30_000)}${']'.repeat(30_000)}`, 400],
    [`{"name":${'['.repeat(3_000)}${']'.repeat(3_000)}}`, 400],
    ['{"name":"x","url":"https://git.test/x","__proto__":{"is_active":false}}', 400],
    ['{"name":"x","url":"https://git.test/x","constructor":{"prototype":{}}}', 422],
    ['{"name":"x","url":"https://git.test/x","toString":1}', 422],
    ['{"name":"x","url":"https://git.test/x","hasOwnProperty":1}', 422],
    ['{"name":"x\\u0000","url":"https://git.test/x"}', 422],
    ['{"name":"x"}', 422],
    ['{"name":7,"url":"https://git.test/x"}', 422],
    ['{"name":["x"],"url":"https://git.test/x"}', 422],
    [`{"name":"${'x'.repeat(1_100_000)}"}`, 413],
  ])('a body that begins %.60s: %i', async (payload, status) => {
    const { status: got, body } = await post(payload);
    expect([got, body.status]).toEqual([status, status]);
  });

  it.each([
    'ext::sh -c id',
    ' EXT::sh -c id',
    '--upload-pack=x',
    'file:///etc',
    '/etc',
    '../repository',
    'https://git.test/a\r\nb',
    'https://git.test/a\0b',
    `https://git.test/${'x'.repeat(5_000)}`,
    '',
    'http://127.0.0.1/x',
    'ssh://git@git.test/x',
    'git@git.test:team/x',
    'https://user:short@git.test/x',
  ])('never takes the address %.40j', async (url) => {
    const { status, body } = await post({ name: 'bad', url });
    expect([status, body.errors.map(({ pointer }: { pointer: string }) => pointer)]).toEqual([422, ['/url']]);
    const [{ count }] = await server.dataSource.query('SELECT count(*)::int AS count FROM jobs');
    expect(count).toBe(0);
    expect(JSON.stringify(body)).not.toContain('short@');
  });

  it('takes JSON only, and says which methods an address has', async () => {
    const form = await post('name=x', { 'content-type': 'application/x-www-form-urlencoded' });
    expect([form.status, form.body.code]).toEqual([415, 'unsupported_media_type']);
    expect((await post('{}', { 'content-type': 'text/plain' })).status).toBe(415);
    const wrong = await server.call({ method: 'DELETE', url: '/api/builds/', as: admin });
    expect([wrong.status, wrong.headers['allow']]).toEqual([405, 'GET, HEAD']);
  });

  it('answers to its own names only', async () => {
    for (const host of ['localhost:8000', '127.0.0.1:8000', '[::1]:8000', 'builds.test', 'a.wild.test']) {
      expect([host, (await get('/api/setup/', { host })).status]).toEqual([host, 200]);
    }
    for (const host of [
      'evil.test',
      'builds.test.evil.test',
      'localhost.evil.test',
      'a b',
      '169.254.169.254',
    ]) {
      expect([host, (await get('/api/setup/', { host })).status]).toEqual([host, 400]);
    }
    expect((await get('/livez', { host: '10.0.0.7:8000' })).status).toBe(200);
  });

  it('survives what is not HTTP at all', async () => {
    const socket = connect(server.port, '127.0.0.1');
    socket.end('GET / HTTP/9.9\r\n\r\n');
    let text = '';
    for await (const bytes of socket) text += String(bytes);
    expect(text).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect((await get('/livez')).status).toBe(200);
  });

  it('gives every page its own nonce and no inline script, under every address of the dashboard', async () => {
    const pages = await Promise.all(
      ['/', '/builds/7', '/repositories/1?x=1', '/index.html'].map((url) => get(url)),
    );
    const nonces = pages.map(({ status, headers, body }) => {
      const nonce = /<app-root ngCspNonce="([^"]+)">/.exec(String(body))?.[1] ?? '';
      expect([status, headers['cache-control']]).toEqual([200, 'no-cache']);
      expect(headers['content-security-policy']).toContain(`style-src 'self' 'nonce-${nonce}'`);
      expect(headers['content-security-policy']).toContain("script-src 'self';");
      return nonce;
    });
    expect(new Set(nonces).size).toBe(pages.length);
  });

  it('keeps hashed files for ever, others not, and has no page in place of a missing file', async () => {
    const script = await get('/main-3zsSsfi8.js');
    expect([script.status, script.headers['cache-control']]).toEqual([
      200,
      'public, max-age=31536000, immutable',
    ]);
    expect((await get('/favicon.svg')).headers['cache-control']).toBe('no-cache');
    for (const url of ['/main-OLD12345.js', '/api/missing', '/api', '/../../etc/passwd.txt', '/livez/x']) {
      const { status, headers } = await get(url);
      expect([url, status, headers['content-type']]).toEqual([url, 404, 'application/problem+json']);
    }
  });
});
