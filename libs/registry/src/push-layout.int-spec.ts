import { BuildError } from '@nohands/domain';
import {
  makeTinyLayout,
  skopeoDigest,
  startFaultyProxy,
  startRegistry,
  temporaryDirectory,
  type FaultyProxy,
  type RegistryServer,
  type TemporaryDirectory,
} from '@nohands/testing';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { registryOf } from '@nohands/domain';
import { inspectReference, pushLayout, type PushRequest } from './push-layout.js';

const account = { username: 'builder', password: 'correct-horse?battery' };

describe(pushLayout.name, () => {
  let open: RegistryServer;
  let locked: RegistryServer;
  let proxy: FaultyProxy;
  let folder: TemporaryDirectory;
  let layoutDirectory: string;
  beforeAll(async () => {
    [open, locked] = await Promise.all([startRegistry(), startRegistry(account)]);
    proxy = await startFaultyProxy(open.address);
  });
  afterAll(async () => {
    await proxy.stop();
    await Promise.all([open.stop(), locked.stop()]);
  });
  beforeEach(async () => {
    folder = await temporaryDirectory();
    layoutDirectory = join(folder.path, 'a:layout');
    proxy.inject(() => 'none');
  });
  afterEach(() => folder.remove());

  function request(address: string, changes: Partial<PushRequest> = {}): PushRequest {
    return {
      registry: registryOf(address),
      credentials: null,
      insecureRegistries: [],
      workDirectory: folder.path,
      deadlineMs: 30_000,
      layoutDirectory,
      imageName: 'team/app',
      tags: ['v1'],
      ...changes,
    };
  }

  async function failure(push: PushRequest): Promise<BuildError> {
    const error = await pushLayout(push).then(
      () => null,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(BuildError);
    const { password } = account;
    expect(`${(error as BuildError).message} ${(error as BuildError).detail}`).not.toContain(password);
    expect(await readdir(folder.path)).toEqual(['a:layout']);
    return error as BuildError;
  }

  it('gives the registry the very image of the layout, by digest and by tags', async () => {
    const { digest } = await makeTinyLayout(layoutDirectory, { text: 'plain' });
    const address = `${open.address}/nested/path`;
    const pushed = await pushLayout(request(address, { tags: ['v1', 'latest'] }));
    const name = `${address}/team/app`;
    expect(pushed).toEqual({
      digest,
      reference: `${name}@${digest}`,
      tags: [
        { reference: `${name}:v1`, digest },
        { reference: `${name}:latest`, digest },
      ],
    });
    expect(await skopeoDigest(`docker://${name}:v1`)).toBe(digest);
    expect(await skopeoDigest(`docker://${name}@${digest}`)).toBe(digest);
    expect(await readdir(folder.path)).toEqual(['a:layout']);
  });

  it('signs in where the registry asks for it', async () => {
    const { digest } = await makeTinyLayout(layoutDirectory, { text: 'locked' });
    const pushed = await pushLayout(request(locked.address, { credentials: account }));
    expect(pushed.digest).toBe(digest);
    const credentials = `${account.username}:${account.password}`;
    expect(await skopeoDigest(`docker://${locked.address}/team/app:v1`, credentials)).toBe(digest);
    expect(await readdir(folder.path)).toEqual(['a:layout']);
  });

  it('says that the registry denies no or wrong credentials', async () => {
    await makeTinyLayout(layoutDirectory);
    expect(await failure(request(locked.address))).toMatchObject({ code: 'push_denied' });
    const wrong = { ...account, password: 'wrong-password' };
    const error = await failure(request(locked.address, { credentials: wrong }));
    expect(error.code).toBe('push_denied');
    expect(error.message).toContain('DOCKER_REGISTRY_USERNAME');
    expect(error.detail).not.toContain('wrong-password');
  });

  it('pushes all platforms of an image', async () => {
    const { digest } = await makeTinyLayout(layoutDirectory, { architectures: ['amd64', 'arm64'] });
    const pushed = await pushLayout(request(open.address, { imageName: 'many' }));
    expect(pushed.tags).toEqual([{ reference: `${open.address}/many:v1`, digest }]);
  });

  it('sends nothing twice', async () => {
    await makeTinyLayout(layoutDirectory, { content: randomBytes(30_000_000) });
    const push = request(proxy.address, { imageName: 'big' });
    const first = await pushLayout(push);
    const seen = proxy.requests.length;
    expect(await pushLayout(push)).toEqual(first);
    expect(proxy.requests.slice(seen).filter((line) => !/^(GET|HEAD) /.test(line))).toEqual([]);
  });

  it('moves a tag to the new image and keeps the old one by digest', async () => {
    const first = await makeTinyLayout(layoutDirectory, { text: 'first' });
    await pushLayout(request(open.address, { imageName: 'moving' }));
    const second = await makeTinyLayout(join(folder.path, 'second'), { text: 'second' });
    await pushLayout(
      request(open.address, { imageName: 'moving', layoutDirectory: join(folder.path, 'second') }),
    );
    const name = `${open.address}/moving`;
    expect(await inspectReference(request(open.address), `${name}:v1`)).toBe(second.digest);
    expect(await inspectReference(request(open.address), `${name}@${first.digest}`)).toBe(first.digest);
    expect(await inspectReference(request(open.address), `${name}:v2`)).toBeNull();
    expect(await inspectReference(request(open.address), `${open.address}/nobody:v1`)).toBeNull();
  });

  it('tries the push where only the look at a new repository is denied', async () => {
    const { digest } = await makeTinyLayout(layoutDirectory, { text: 'new repository' });
    let denied = 0;
    const isLook = (method: string, path: string) => method === 'GET' && path.includes('/manifests/');
    proxy.inject((method, path) => (isLook(method, path) && denied++ === 0 ? { status: 403 } : 'none'));
    expect(await pushLayout(request(proxy.address, { imageName: 'new' }))).toMatchObject({ digest });
    expect(denied).toBeGreaterThan(1);
  });

  it('does not believe a registry that gives nothing back', async () => {
    await makeTinyLayout(layoutDirectory, { text: 'forgetful' });
    proxy.inject((method, path) =>
      method === 'GET' && path.includes('/manifests/') ? { status: 404 } : 'none',
    );
    const error = await failure(request(proxy.address, { imageName: 'forgetful' }));
    expect(error.code).toBe('push_rejected');
    expect(error.message).toContain('does not give it back');
  });

  it('sets no tag when the image itself did not get there', async () => {
    await makeTinyLayout(layoutDirectory, { text: 'no tag' });
    proxy.inject((method) => (method === 'PUT' ? { status: 500 } : 'none'));
    const error = await failure(request(proxy.address, { imageName: 'untagged' }));
    expect(error.code).toBe('registry_unreachable');
    expect(await inspectReference(request(open.address), `${open.address}/untagged:v1`)).toBeNull();
  });

  it.each([
    ['answers 503', { status: 503 } as const],
    ['cuts the connection', 'cut' as const],
  ])('says that a registry that %s does not answer', async (_what, fault) => {
    await makeTinyLayout(layoutDirectory);
    proxy.inject(() => fault);
    const error = await failure(request(proxy.address, { imageName: 'unreachable' }));
    expect(error).toMatchObject({ code: 'registry_unreachable' });
    expect(error.message).toContain(proxy.address);
  });

  it('says that nobody listens', async () => {
    await makeTinyLayout(layoutDirectory);
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await new Promise((closed) => server.close(closed));
    expect(await failure(request(`127.0.0.1:${port}`))).toMatchObject({ code: 'registry_unreachable' });
  });

  it('passes on why a registry rejects an image', async () => {
    await makeTinyLayout(layoutDirectory, { text: 'rejected' });
    proxy.inject((method, path) =>
      method === 'PUT' && path.includes('/manifests/') ? { status: 400 } : 'none',
    );
    const error = await failure(request(proxy.address, { imageName: 'rejected' }));
    expect(error.code).toBe('push_rejected');
    expect(error.detail).toContain('manifest');
  });

  it('ends at its deadline when the registry is silent', async () => {
    await makeTinyLayout(layoutDirectory);
    proxy.inject(() => 'silence');
    const error = await failure(request(proxy.address, { imageName: 'slow', deadlineMs: 700 }));
    expect(error).toMatchObject({ code: 'registry_unreachable' });
    expect(error.message).toContain('within 1 s');
  });

  it('stops at an abort, with its reason and without a trace', async () => {
    await makeTinyLayout(layoutDirectory);
    const abort = new AbortController();
    const reason = new Error('cancelled by the user');
    proxy.inject(() => {
      abort.abort(reason);
      return 'silence';
    });
    await expect(pushLayout(request(proxy.address, { signal: abort.signal }))).rejects.toBe(reason);
    expect(await readdir(folder.path)).toEqual(['a:layout']);
  });

  it('says what to install where skopeo is missing', async () => {
    await makeTinyLayout(layoutDirectory);
    const error = await failure(request(open.address, { environment: { PATH: folder.path } }));
    expect(error.code).toBe('push_unavailable');
    expect(error.message).toContain('apt install skopeo');
  });
});
