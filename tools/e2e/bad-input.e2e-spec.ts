import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GitFixture, GitServer, startRegistry } from '@nohands/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Installation, type Answer, type Json } from './installation.fixture.js';

type FieldErrors = { pointer: string; detail: string }[];

/** A port of this machine where nobody listens. */
async function deadPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function expectProblem(answer: Answer, status: number, code: string, pointer?: string): void {
  expect(answer).toMatchObject({ status, body: { status, code } });
  expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect(answer.body['request_id']).toBeTruthy();
  if (pointer === undefined) return;
  expect((answer.body['errors'] as FieldErrors).map((error) => error.pointer)).toContain(pointer);
}

/** Answers of requests that `fetch` would not send: a body as it is, without being made from an object. */
async function sendRaw(installation: Installation, path: string, body: string): Promise<Answer> {
  const response = await fetch(`${installation.address}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${installation.adminToken}`, 'content-type': 'application/json' },
    body,
  });
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Json,
  };
}

const shell = 'FROM scratch\nCOPY busybox /bin/sh\n';
const account = { username: 'reader', password: 'the-right-password' };

describe('bad input to an installation with an engine', () => {
  let installation: Installation;
  let folder: string;
  let marker: string;
  let planted: string;
  let git: GitFixture;
  let open: GitServer;
  let locked: GitServer;
  let registry: Awaited<ReturnType<typeof startRegistry>>;
  let repository: Json;
  let deadRegistry: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'nohands-e2e-bad-'));
    marker = join(folder, 'a-process-was-started');
    planted = join(folder, 'planted');
    writeFileSync(planted, 'FROM a-file-of-the-host\n', { mode: 0o644 });
    git = new GitFixture(join(folder, 'bad'));
    git.commit('a shell', { busybox: readFileSync('/bin/busybox') });
    chmodSync(join(git.directory, 'busybox'), 0o755);
    git.commit('no Dockerfile');
    registry = await startRegistry();
    const branches: Record<string, Parameters<GitFixture['commit']>[1]> = {
      good: { Dockerfile: `${shell}RUN echo good\n` },
      linked: { Dockerfile: { link: planted }, 'users/link': { link: '/etc' } },
      failing: { Dockerfile: `${shell}RUN echo first\nRUN echo "the last words" >&2; exit 7\n` },
      'failing-nul': { Dockerfile: `${shell}RUN printf 'zero\\000byte\\n'; exit 3\n` },
      heredoc: { Dockerfile: `${shell}RUN <<END\necho one\necho two\nexit 4\nEND\n` },
      syntax: { Dockerfile: 'FROM scratch\nRUNN echo typo\n' },
      'missing-base': { Dockerfile: `FROM ${registry.address}/team/nothing:1\nRUN echo never\n` },
    };
    for (const [name, files] of Object.entries(branches)) {
      git.git('checkout', '--quiet', '-b', name, 'main');
      git.commit(name, files);
    }
    git.git('checkout', '--quiet', 'main');
    new GitFixture(join(folder, 'other')).commit('of another repository');
    open = await GitServer.start({ root: folder });
    locked = await GitServer.start({ root: folder, account });
    deadRegistry = `127.0.0.1:${await deadPort()}`;
    installation = await new Installation({
      BUILD_ENGINE: 'buildah',
      GIT_ALLOW_PRIVATE_ADDRESSES: 'true',
      DOCKER_REGISTRY: deadRegistry,
      INSECURE_REGISTRIES: registry.address,
    }).start();
    repository = await installation.addRepository('bad', open.url('bad/.git'));
    expect(repository).toMatchObject({ refresh_status: 'idle', refresh_error: null });
  });
  afterAll(async () => {
    await installation.remove();
    await open.stop();
    await locked.stop();
    await registry.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const create = (body: Json): Promise<Answer> =>
    installation.request('POST', '/api/repositories/', { body });
  const build = async (ref: string, more: Json = {}): Promise<Json> =>
    installation.ended(await installation.trigger({ repository_id: repository['id'], ref, ...more }));

  describe('addresses that git must never get', () => {
    const refused: [string, () => string][] = [
      ['a remote helper', () => `ext::sh -c 'touch ${marker}'`],
      ['a remote helper after a blank', () => ` EXT::sh -c 'touch ${marker}'`],
      ['an option', () => `--upload-pack=touch ${marker}`],
      ['a file URL', () => 'file:///etc'],
      ['a local path', () => git.directory],
      ['a relative path', () => '../bad'],
      ['CR', () => `${open.url('bad/.git')}\r`],
      ['LF', () => `${open.url('bad/.git')}\nx`],
      ['NUL', () => `${open.url('bad/.git')}\0`],
      ['5,000 characters', () => `https://example.org/${'a'.repeat(5_000)}`],
      ['nothing', () => ''],
      ['blanks', () => '   '],
      ['an option behind ssh', () => 'ssh://-oProxyCommand=touch/x'],
    ];
    it.each(refused)('%s: 422 with a pointer to url', async (_, url) => {
      expectProblem(await create({ name: 'refused', url: url() }), 422, 'invalid_fields', '/url');
    });

    it('the same when an address is changed; nothing was kept and nothing was started', async () => {
      const path = `/api/repositories/${String(repository['id'])}/`;
      for (const [, url] of refused) {
        const answer = await installation.request('PATCH', path, { body: { url: url() } });
        expectProblem(answer, 422, 'invalid_fields', '/url');
      }
      const names = (await installation.results('/api/repositories/')).map(({ name }) => name);
      expect(names.sort()).toEqual(['bad', 'sample']);
      expect(existsSync(marker)).toBe(false);
    });
  });

  describe('repositories that do not answer', () => {
    const failing: [string, () => Promise<string>, RegExp][] = [
      [
        'an unreachable server',
        async () => `http://127.0.0.1:${await deadPort()}/x.git`,
        /reach|answer|connect/i,
      ],
      ['a missing repository', async () => open.url('missing/.git'), /no git repository/i],
      [
        'a password that is missing',
        async () => locked.url('bad/.git'),
        /credential|password|denied|refuse/i,
      ],
      [
        'a wrong password',
        async () => locked.url('bad/.git').replace('//', '//reader:not-the-password@'),
        /credential|password|denied|refuse/i,
      ],
    ];
    it.each(failing)('%s: the refresh fails and says which', async (name, url, sentence) => {
      const failed = await installation.addRepository(name.replaceAll(' ', '-'), await url());
      expect(failed).toMatchObject({ refresh_status: 'failed' });
      expect(failed['refresh_error']).toMatch(sentence);
      expect(JSON.stringify(failed)).not.toContain('not-the-password');
      const id = String(failed['id']);
      expect(await installation.results(`/api/branches/?repository=${id}`)).toEqual([]);
      const mended = await installation.request('PATCH', `/api/repositories/${id}/`, {
        body: { url: open.url('other/.git') },
      });
      expect(mended.status).toBe(200);
      await installation.request('POST', `/api/repositories/${id}/refresh/`);
      expect(await installation.refreshed(Number(id))).toMatchObject({
        refresh_status: 'idle',
        refresh_error: null,
      });
    });

    it('the right password opens it', async () => {
      const url = locked.url('other/.git').replace('//', `//${account.username}:${account.password}@`);
      const opened = await installation.addRepository('with-password', url);
      expect(opened).toMatchObject({ refresh_status: 'idle', url: locked.url('other/.git') });
    });
  });

  describe('requests', () => {
    it.each([
      ['/api/builds/?repository=abc', 422],
      ['/api/builds/?limit=1e9', 422],
      ['/api/builds/?limit=1000000000', 422],
      ['/api/builds/?limit=0', 422],
      ['/api/builds/?status=done', 422],
      ['/api/builds/?branch=%00', 422],
      ['/api/builds/?colour=red', 422],
      ['/api/builds/?page=-1', 422],
      ['/api/builds/?repository=1&repository=2', 422],
      ['/api/builds/?cursor=forged', 400],
      [`/api/builds/?cursor=${Buffer.from('["next",1e99]').toString('base64url')}`, 400],
      [`/api/commits/?cursor=${Buffer.from('["next","x\\u0000",1]').toString('base64url')}`, 400],
      ['/api/builds/%zz/', 400],
      ['/api/builds/999999/', 404],
      ['/api/builds/2147483648/', 404],
      ['/api/builds/12345678901234567890/', 404],
      ['/api/builds/-1/', 404],
      ['/api/builds/one/', 404],
      ['/api/builds/2147483648/logs', 404],
      ['/api/builds/12345678901234567890/image', 404],
      ['/api/repositories/999999/', 404],
      ['/api/repositories/12345678901234567890/', 404],
      ['/api/branches/?repository=2147483648', 404],
      ['/api/branches/?repository=12345678901234567890', 422],
      ['/api/commits/?branch=999999', 404],
      ['/api/commits/?branch=abc', 422],
      ['/api/builds/?commit=999999', 404],
      ['/api/nothing/', 404],
    ])('GET %s: %i', async (path, status) => {
      const answer = await installation.request('GET', path);
      expect(answer).toMatchObject({ status, body: { status } });
      expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    });

    it.each([
      ['broken JSON', '{"repository_id": 1,', 400],
      ['no object', '[1]', 422],
      ['nothing', '', 422],
      ['depth', `${'['.repeat(10_000)}${']'.repeat(10_000)}`, 400],
      ['a prototype', '{"__proto__": {"is_admin": true}}', 400],
      ['size', `{"ref": "${'x'.repeat(2_000_000)}"}`, 413],
      ['unknown fields', '{"repository_id": 1, "commit_id": 1, "constructor": 1}', 422],
      ['a target', '{"repository_id": 1, "commit_id": 1, "target": "prod"}', 422],
      ['a text for an id', '{"repository_id": "1", "commit_id": 1}', 422],
      ['half an id', '{"repository_id": 1.5, "commit_id": 1}', 422],
      ['a huge id', '{"repository_id": 12345678901234567890, "commit_id": 1}', 422],
      ['an unknown repository', '{"repository_id": 2147483648, "commit_id": 1}', 404],
      ['an unknown commit', '{"repository_id": 1, "commit_id": 2147483648}', 404],
      ['neither commit nor ref', '{"repository_id": 1}', 422],
      ['commit and ref', '{"repository_id": 1, "commit_id": 1, "ref": "main"}', 422],
      ['an unknown ref', '{"repository_id": 1, "ref": "nowhere"}', 422],
      ['an option as ref', '{"repository_id": 1, "ref": "--upload-pack=x"}', 422],
    ])('a trigger with %s: %i', async (_, body, status) => {
      const answer = await sendRaw(installation, '/api/builds/trigger/', body);
      expect(answer).toMatchObject({ status, body: { status } });
    });

    it('a commit of another repository, a deployment, a path out of the tree: 422 with a pointer', async () => {
      const trigger = (body: Json): Promise<Answer> =>
        installation.request('POST', '/api/builds/trigger/', { body });
      expectProblem(
        await trigger({ repository_id: repository['id'], commit_id: 1 }),
        ...([422, 'invalid_fields', '/commit_id'] as const),
      );
      expectProblem(
        await trigger({ repository_id: 1, commit_id: 1, deploy_after_build: true }),
        ...([422, 'deploy_not_configured', '/deploy_after_build'] as const),
      );
      for (const path of ['../../etc/passwd', '/etc/passwd', 'a/../../b', 'a\0b']) {
        expectProblem(
          await create({ name: 'x', url: open.url('bad/.git'), dockerfile_path: path }),
          ...([422, 'invalid_fields', '/dockerfile_path'] as const),
        );
      }
      expect((await installation.results('/api/builds/')).map(({ ref }) => ref)).not.toContain('nowhere');
    });
  });

  describe('builds', () => {
    it.each([
      ['main', 'dockerfile_not_found', /Dockerfile/],
      ['syntax', 'dockerfile_invalid', /RUNN/],
      ['missing-base', 'base_image_not_found', /team\/nothing:1/],
    ])('of %s fails with %s and says what', async (ref, code, sentence) => {
      const failed = await build(ref);
      expect(failed).toMatchObject({ status: 'failed', error_code: code, attempt: 1, image_digest: null });
      expect(`${String(failed['error_message'])}\n${String(failed['error_detail'])}`).toMatch(sentence);
      expect((await installation.request('GET', `/api/builds/${String(failed['id'])}/image`)).status).toBe(
        409,
      );
    });

    it('of a linked Dockerfile shows nothing of the host', async () => {
      const failed = await build('linked');
      expect(failed).toMatchObject({ status: 'failed', error_code: 'unsafe_path' });
      expect(JSON.stringify(failed)).not.toContain('a-file-of-the-host');
      const path = `/api/repositories/${String(repository['id'])}/`;
      await installation.request('PATCH', path, { body: { dockerfile_path: 'users/link/passwd' } });
      const through = await build('linked');
      await installation.request('PATCH', path, { body: { dockerfile_path: 'Dockerfile' } });
      expect(through).toMatchObject({ status: 'failed', error_code: 'unsafe_path' });
      expect(JSON.stringify(through)).not.toMatch(/root:.*:0:0/);
    });

    it.each([
      ['failing', 7, 'the last words'],
      ['failing-nul', 3, 'zero'],
    ])(
      'of %s names the step, the exit code %i and the last lines, in the log line by line',
      async (ref, exit, last) => {
        const failed = await build(ref);
        expect(failed).toMatchObject({ status: 'failed', error_code: 'step_failed', attempt: 1 });
        expect(failed['error_message']).toMatch(new RegExp(`RUN.*\\b${exit}\\b`, 's'));
        expect(failed['error_detail']).toContain(last);
        const step = (failed['steps'] as Json[]).find(({ status }) => status === 'failed');
        expect(step).toMatchObject({ exit_code: exit });
        expect(step?.['name']).toMatch(/RUN/);
        const { body } = await installation.request('GET', `/api/builds/${String(failed['id'])}/logs`);
        expect(String(body['text']).split('\n')).toHaveLength(Number(failed['log_lines']) + 1);
      },
    );

    it('that cannot be pushed fails with registry_unreachable after it was tried again, and keeps its image', async () => {
      const failed = await build('good', { push_to_registry: true });
      expect(failed).toMatchObject({
        status: 'failed',
        error_code: 'registry_unreachable',
        image_reference: null,
      });
      expect(failed['error_message']).toContain(deadRegistry);
      expect(failed['attempt']).toBeGreaterThan(1);
      expect(failed['image_digest']).toMatch(/^sha256:/);
      expect((await installation.request('GET', `/api/builds/${String(failed['id'])}/image`)).status).toBe(
        200,
      );
      // The image of the first attempt was kept: it was built once.
      expect(String(failed['logs']).match(/^good$/gm)).toHaveLength(1);
    });
  });
});

describe('an installation whose engine is gone', () => {
  it('says so, lets builds wait and cancel, and refuses a push that has no registry', async () => {
    const host = `tcp://127.0.0.1:${await deadPort()}`;
    const installation = new Installation({ BUILD_ENGINE: 'dagger', DAGGER_ENGINE_HOSTS: host });
    try {
      await installation.start({ builds: false });
      await installation.refreshed(1);
      const refused = await installation.request('POST', '/api/builds/trigger/', {
        body: { repository_id: 1, commit_id: 1, push_to_registry: true },
      });
      expectProblem(refused, 422, 'registry_not_configured', '/push_to_registry');
      const id = await installation.trigger({ repository_id: 1, commit_id: 1 });
      expect(await installation.get(`/api/builds/${id}/`)).toMatchObject({
        status: 'pending',
        waiting_reason: 'no_engine',
      });
      const ready = await installation.get('/readyz');
      expect(ready).toMatchObject({ status: 'ready', builds: 'off' });
      const demanded = await installation.request('GET', '/readyz?builds=1', { token: null });
      expect(demanded).toMatchObject({ status: 503, body: { status: 'not_ready', builds: 'off' } });
      expect(String((demanded.body['reasons'] as string[])[0])).toMatch(/DAGGER|Dagger/);
      const cancelled = await installation.request('POST', `/api/builds/${id}/cancel/`);
      expect(cancelled).toMatchObject({ status: 202, body: { status: 'cancelled', stop_confirmed: true } });
    } finally {
      await installation.remove();
    }
  });
});
