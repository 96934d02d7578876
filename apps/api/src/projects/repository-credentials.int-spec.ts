import { openCredentials, RepositoryCredentialsStore, SecretCipher } from '@nohands/database';
import { system } from '@nohands/domain';
import { findTablesWith } from '@nohands/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openServer, type Person, type TestServer } from '../server.fixture.js';
import { RepositoriesService } from './repositories.service.js';

const sentinel = 'sentinel-0a9b8c7d6e5f';

describe(RepositoriesService.name, () => {
  let server: TestServer;
  let admin: Person;
  /** All that the server answered or wrote to its own log. */
  const said: string[] = [];

  beforeAll(async () => {
    for (const stream of [process.stdout, process.stderr]) {
      vi.spyOn(stream, 'write').mockImplementation((bytes: unknown) => said.push(String(bytes)) > 0);
    }
    server = await openServer({ DEBUG: 'true' });
    admin = await server.makePerson('admin', { isAdmin: true });
  });
  afterAll(async () => {
    await server.close();
    vi.restoreAllMocks();
  });

  async function call(method: 'GET' | 'POST' | 'PATCH', url: string, payload?: object) {
    const answer = await server.call({ method, url, as: admin, ...(payload ? { payload } : {}) });
    said.push(JSON.stringify([answer.headers, answer.body]));
    return answer;
  }
  /** What a worker would send to the git server. */
  async function kept(id: number) {
    const { body } = await call('GET', `/api/repositories/${id}/`);
    const stored = await server.app.get(RepositoryCredentialsStore).find(system('test'), id);
    return openCredentials(new SecretCipher('only-for-tests-'.repeat(4)), body, stored);
  }

  it('moves credentials out of the address into the store, and shows them nowhere', async () => {
    const { status, body } = await call('POST', '/api/repositories/', {
      name: 'private',
      url: `https://ada:${sentinel}@git.test/private.git`,
    });
    expect([status, body.url]).toEqual([201, 'https://git.test/private.git']);
    expect(await kept(body.id)).toEqual({ username: 'ada', password: sentinel });

    await call('GET', '/api/repositories/');
    const taken = await call('POST', '/api/repositories/', {
      name: 'private',
      url: `https://ada:${sentinel}@git.test/private.git`,
    });
    const broken = await call('POST', '/api/repositories/', {
      name: 'broken',
      url: `https://ada:${sentinel}@git.test/private.git?x`,
    });
    expect([taken.status, broken.status]).toEqual([409, 422]);

    expect(said.length).toBeGreaterThan(4);
    expect(said.join('\n')).not.toContain(sentinel);
    expect(said.join('\n')).not.toContain(Buffer.from(sentinel).toString('base64'));
    expect(await findTablesWith(server.dataSource, sentinel)).toEqual([]);
    // The search would have found it.
    expect(await findTablesWith(server.dataSource, 'git.test/private')).toEqual(['repositories']);
  });

  it('keeps them while the host stays, takes new ones, and forgets them at another host', async () => {
    const url = (credentials: string, path = 'a.git') => `https://${credentials}git.test/${path}`;
    const { body } = await call('POST', '/api/repositories/', {
      name: 'moves',
      url: url(`ada:${sentinel}@`),
    });
    const patch = (change: object) => call('PATCH', `/api/repositories/${body.id}/`, change);
    expect((await patch({ url: url('') })).status).toBe(200);
    expect((await patch({ url: url('', 'b.git'), description: 'moved' })).body.url).toBe(url('', 'b.git'));
    expect(await kept(body.id)).toEqual({ username: 'ada', password: sentinel });

    const renewed = await patch({ url: url('ada:another-token@', 'b.git') });
    expect(renewed.body).toMatchObject({ url: url('', 'b.git'), refresh_status: 'running' });
    expect(await kept(body.id)).toEqual({ username: 'ada', password: 'another-token' });

    await patch({ url: 'https://git.other/b.git' });
    await patch({ url: url('', 'b.git') });
    expect(await kept(body.id)).toBeNull();
  });

  it('takes a token in the place of the user name', async () => {
    const { body } = await call('POST', '/api/repositories/', {
      name: 'token',
      url: `https://${sentinel}@git.test/token.git`,
    });
    expect(body.url).toBe('https://git.test/token.git');
    expect(await kept(body.id)).toEqual({ username: sentinel, password: '' });
  });

  it.each(['ssh://git@git.test/x.git', 'git@git.test:team/x.git'])(
    'says of %s that https with a token is the way',
    async (url) => {
      const { status, body } = await call('POST', '/api/repositories/', { name: 'ssh', url });
      expect([status, body.errors[0].pointer]).toEqual([422, '/url']);
      expect(body.errors[0].detail).toMatch(/https:\/\/user:token@host/);
    },
  );
});
