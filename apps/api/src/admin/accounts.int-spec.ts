import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openServer, type TestServer } from '../server.fixture.js';
import { AccountsService } from './accounts.service.js';

const admin = { email: 'first@people.test', name: 'First', password: 'correct horse' };

describe(AccountsService.name, () => {
  let server: TestServer;
  let cookie: string;

  beforeAll(async () => {
    server = await openServer();
  });

  afterAll(() => server.close());

  const setupToken = () => server.setupUrl?.split('#token=')[1] ?? '';
  const post = (url: string, payload: object | undefined, headers: Record<string, string> = {}) =>
    server.call({ method: 'POST', url, headers, ...(payload ? { payload } : {}) });
  const cookieOf = (headers: Record<string, unknown>) => String(headers['set-cookie']).split(';')[0] ?? '';

  it('makes the first administrator with the link, once, and signs them in', async () => {
    expect((await server.call({ method: 'GET', url: '/api/setup/' })).body).toEqual({ needed: true });
    const wrong = await post('/api/setup/', { token: 'wrong', ...admin });
    expect([wrong.status, wrong.body.code]).toEqual([410, 'link_expired']);
    const made = await post('/api/setup/', { token: setupToken(), ...admin });
    expect([made.status, made.body.email, made.body.is_admin]).toEqual([201, admin.email, true]);
    const again = await post('/api/setup/', { token: setupToken(), ...admin, email: 'second@people.test' });
    expect([again.status, again.body.code]).toEqual([409, 'setup_done']);
    expect((await server.call({ method: 'GET', url: '/api/setup/' })).body).toEqual({ needed: false });
    expect(String(made.headers['set-cookie'])).toMatch(
      /^nohands_session=[\w-]{43}; .*HttpOnly; SameSite=Lax/,
    );
    cookie = cookieOf(made.headers);
  });

  it('knows who a cookie belongs to, and forgets it at sign-out', async () => {
    const { body } = await server.call({ method: 'GET', url: '/api/auth/me/', headers: { cookie } });
    expect(body).toMatchObject({ email: admin.email, registry: null });
    const other = await post('/api/auth/login/', { email: admin.email, password: admin.password });
    expect(other.status).toBe(200);
    const headers = { cookie: cookieOf(other.headers), origin: 'http://localhost:80' };
    const host = { host: 'localhost:80' };
    expect((await post('/api/auth/logout/', undefined, { ...headers, ...host })).status).toBe(204);
    const after = await server.call({ method: 'GET', url: '/api/auth/me/', headers });
    expect(after.status).toBe(401);
  });

  it('lets a cookie change things only from a page of this very site', async () => {
    const host = 'localhost:8000';
    const send = (headers: Record<string, string>) =>
      post('/api/tokens/', { name: 'by cookie' }, { host, cookie, ...headers });
    expect((await send({ origin: 'http://localhost:8000' })).status).toBe(201);
    expect((await send({ 'sec-fetch-site': 'same-origin' })).status).toBe(201);
    // A script: browsers always send one of the two.
    expect((await send({})).status).toBe(201);
    const foreign: Record<string, string>[] = [
      { origin: 'http://localhost:8001' },
      { origin: 'https://localhost:8000' },
      { origin: 'http://evil.test' },
      { origin: 'null' },
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'cross-site' },
    ];
    for (const headers of foreign) {
      const { status, body } = await send(headers);
      expect([headers, status, body.code]).toEqual([headers, 403, 'foreign_origin']);
    }
  });

  it('does not let a page of another site sign somebody in', async () => {
    const login = { email: admin.email, password: admin.password };
    const { status } = await post('/api/auth/login/', login, { origin: 'http://evil.test' });
    expect(status).toBe(403);
  });

  it('shows a token once and lets it work until it is revoked', async () => {
    const me = { host: 'localhost', cookie, origin: 'http://localhost' };
    const made = await post('/api/tokens/', { name: 'ci' }, me);
    expect(made.body.token).toMatch(/^nh_[\w-]{43}$/);
    const authorization = `Bearer ${made.body.token}`;
    const list = await server.call({ method: 'GET', url: '/api/tokens/', headers: { authorization } });
    expect(JSON.stringify(list.body)).not.toContain(made.body.token);
    expect(list.body.results[0]).toMatchObject({ id: made.body.id, prefix: made.body.token.slice(0, 8) });
    const gone = await server.call({
      method: 'DELETE',
      url: `/api/tokens/${made.body.id}/`,
      headers: { authorization },
    });
    expect(gone.status).toBe(204);
    const after = await server.call({ method: 'GET', url: '/api/tokens/', headers: { authorization } });
    expect(after.status).toBe(401);
  });

  it('says the same of a wrong password and of an unknown user', async () => {
    const known = await post('/api/auth/login/', { email: admin.email, password: 'wrong' });
    const unknown = await post('/api/auth/login/', { email: 'nobody@people.test', password: 'wrong' });
    expect([known.status, known.body.detail]).toEqual([unknown.status, unknown.body.detail]);
    expect(known.body.code).toBe('wrong_credentials');
  });

  it('answers repeated wrong passwords with 429 and the time to wait, also for the right one', async () => {
    const tries = await Promise.all(
      Array.from({ length: 8 }, () =>
        post('/api/auth/login/', { email: 'victim@people.test', password: 'wrong' }),
      ),
    );
    expect(tries.map(({ status }) => status).sort()).toEqual([401, 401, 401, 401, 401, 429, 429, 429]);
    const refused = tries.find(({ status }) => status === 429);
    expect(Number(refused?.headers['retry-after'])).toBeGreaterThan(0);
  });

  it('ends sessions and tokens of a disabled user, and keeps the last administrator', async () => {
    const person = await server.makePerson('leaver');
    const headers = { host: 'localhost', cookie, origin: 'http://localhost' };
    const disable = (id: number) =>
      server.call({
        method: 'PATCH',
        url: `/api/admin/users/${id}/`,
        headers,
        payload: { is_disabled: true },
      });
    expect((await disable(person.principal.userId)).status).toBe(200);
    expect((await server.call({ method: 'GET', url: '/api/auth/me/', as: person })).status).toBe(401);
    const me = await server.call({ method: 'GET', url: '/api/auth/me/', headers });
    const last = await disable(me.body.id);
    expect([last.status, last.body.code]).toEqual([409, 'conflict']);
  });
});

describe('the administrator of the environment', () => {
  it('exists from the start, signs in by password and token, and needs no link', async () => {
    const token = 'a-token-of-thirty-two-characters-or-more';
    const server = await openServer({
      ADMIN_EMAIL: 'Ops@People.test',
      ADMIN_PASSWORD: 'from the environment',
      ADMIN_TOKEN: token,
    });
    try {
      expect(server.setupUrl).toBeNull();
      const login = { email: 'ops@people.test', password: 'from the environment' };
      const signedIn = await server.call({ method: 'POST', url: '/api/auth/login/', payload: login });
      expect([signedIn.status, signedIn.body.is_admin]).toEqual([200, true]);
      const headers = { authorization: `Bearer ${token}` };
      const tokens = await server.call({ method: 'GET', url: '/api/tokens/', headers });
      expect(tokens.status).toBe(200);
      expect(JSON.stringify(tokens.body)).not.toContain(token.slice(0, 8));
    } finally {
      await server.close();
    }
  });

  it('is demanded where others can reach the server', async () => {
    await expect(openServer({ HOST: '0.0.0.0', ALLOWED_HOSTS: 'builds.test' })).rejects.toThrow(
      /administrator/i,
    );
  });
});
