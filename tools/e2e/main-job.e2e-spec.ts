import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GitFixture, skopeoDigest, startRedis, startRegistry, type Redis } from '@nohands/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Installation } from './installation.fixture.js';

const account = { username: 'pusher', password: 'a-password-of-the-registry' };

/** A repository whose first commit brings a static shell. */
function shellRepository(directory: string): GitFixture {
  const git = new GitFixture(directory);
  git.commit('shell', { busybox: readFileSync('/bin/busybox') });
  chmodSync(join(directory, 'busybox'), 0o755);
  return git;
}

describe.each(['Postgres', 'Redis'] as const)('the main job, with the queue on %s', (backend) => {
  let installation: Installation;
  let registry: Awaited<ReturnType<typeof startRegistry>>;
  let redis: Redis | undefined;
  let folder: string;
  beforeAll(async () => {
    redis = backend === 'Redis' ? await startRedis() : undefined;
    registry = await startRegistry(account);
    folder = mkdtempSync(join(tmpdir(), 'nohands-e2e-git-'));
    installation = await new Installation({
      BUILD_ENGINE: 'buildah',
      GIT_ALLOW_LOCAL: 'true',
      DOCKER_REGISTRY: `${registry.address}/team`,
      DOCKER_REGISTRY_USERNAME: account.username,
      DOCKER_REGISTRY_PASSWORD: account.password,
      ...(redis === undefined ? {} : { REDIS_URL: redis.url }),
    }).start();
  });
  afterAll(async () => {
    await installation.remove();
    await registry.stop();
    await redis?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it("answers the seed's six calls and builds the sample repository", async () => {
    const [repository] = await installation.results('/api/repositories/');
    expect(repository).toMatchObject({ id: 1, name: 'sample' });
    await installation.refreshed(1);
    const branches = await installation.results('/api/branches/?repository=1');
    expect(branches.map(({ name }) => name).sort()).toEqual(['broken', 'faster', 'main']);
    expect((await installation.results('/api/commits/?branch=1')).length).toBeGreaterThan(0);
    expect(await installation.results('/api/builds/')).toEqual([]);
    const id = await installation.trigger({
      repository_id: 1,
      commit_id: 1,
      push_to_registry: false,
      deploy_after_build: false,
    });
    const build = await installation.ended(id);
    expect(build).toMatchObject({ status: 'success', attempt: 1, image_reference: null });
    expect(String(build['logs'])).toMatch(/line 20 of 20/);
  });

  it('builds three branches of a repository and pushes what the registry then has under that digest', async () => {
    const git = shellRepository(join(folder, `three-${backend}`));
    const dockerfile = (name: string): string =>
      ['FROM scratch', 'COPY busybox /bin/sh', `RUN echo building ${name} > /name`, 'RUN echo done', ''].join(
        '\n',
      );
    git.commit('main', { Dockerfile: dockerfile('main') });
    for (const name of ['one', 'two']) {
      git.git('checkout', '--quiet', '-b', name, 'main');
      git.commit(name, { Dockerfile: dockerfile(name) });
    }
    const repository = await installation.addRepository(`three-${backend.toLowerCase()}`, git.directory);
    for (const ref of ['main', 'one', 'two']) {
      const id = await installation.trigger({ repository_id: repository['id'], ref, push_to_registry: true });
      const build = await installation.ended(id);
      expect(build).toMatchObject({
        status: 'success',
        branch_name: ref,
        commit_sha: git.git('rev-parse', ref),
        error_message: null,
      });
      const tag = String(build['image_tag']);
      expect(tag).toBe(
        `${registry.address}/team/three-${backend.toLowerCase()}:${git.git('rev-parse', ref)}`,
      );
      expect(await skopeoDigest(`docker://${tag}`, `${account.username}:${account.password}`)).toBe(
        build['image_digest'],
      );
      expect(build['image_reference']).toBe(
        `${tag.slice(0, tag.lastIndexOf(':'))}@${String(build['image_digest'])}`,
      );
    }
  });

  it('gives the log as text, byte for byte what was sealed, and the image as an archive', async () => {
    const build = await installation.get('/api/builds/1/');
    const { body } = await installation.request('GET', '/api/builds/1/logs');
    expect(createHash('sha256').update(String(body['text'])).digest('hex')).toBe(build['log_sha256']);
    expect(String(body['text']).split('\n')).toHaveLength(Number(build['log_lines']) + 1);
    const archive = join(folder, 'image.tar');
    const response = await fetch(`${installation.address}/api/builds/1/image`, {
      headers: { authorization: `Bearer ${installation.adminToken}` },
    });
    const bytes = Buffer.from(await response.arrayBuffer());
    execFileSync('tee', [archive], { input: bytes, stdio: ['pipe', 'ignore', 'inherit'] });
    const manifest = execFileSync('skopeo', ['inspect', '--raw', `oci-archive:${archive}`]);
    expect(`sha256:${createHash('sha256').update(manifest).digest('hex')}`).toBe(build['image_digest']);
  });

  it('refuses a push with wrong credentials, says so, and keeps the image', async () => {
    const other = await startRegistry({ username: 'other', password: 'another-password' });
    const refused = new Installation({
      BUILD_ENGINE: 'buildah',
      DOCKER_REGISTRY: other.address,
      DOCKER_REGISTRY_USERNAME: 'other',
      DOCKER_REGISTRY_PASSWORD: 'not-the-password',
    });
    try {
      await refused.start();
      await refused.refreshed(1);
      const id = await refused.trigger({ repository_id: 1, ref: 'faster', push_to_registry: true });
      const build = await refused.ended(id);
      expect(build).toMatchObject({ status: 'failed', error_code: 'push_denied' });
      expect(build['image_digest']).toMatch(/^sha256:/);
      expect((await refused.request('GET', `/api/builds/${id}/image`)).status).toBe(200);
      expect(JSON.stringify(build)).not.toContain('not-the-password');
    } finally {
      await refused.remove();
      await other.stop();
    }
  });

  it('the worker killed in the middle: another attempt within 15 s, numbers without a gap', async () => {
    const git = shellRepository(join(folder, `slow-${backend}`));
    git.commit('slow', {
      Dockerfile: `FROM scratch\nCOPY busybox /bin/sh\nCOPY busybox /bin/busybox\nRUN i=0; while [ $i -lt 20 ]; do i=$((i+1)); echo "line $i of 20"; /bin/busybox sleep 0.2; done\n`,
    });
    const repository = await installation.addRepository(`slow-${backend.toLowerCase()}`, git.directory);
    const id = await installation.trigger({ repository_id: repository['id'], ref: 'main' });
    await installation.line(id, /line 4 of 20/);
    const [worker] = installation.pids('apps/worker/dist/main.js');
    const killedAt = Date.now();
    process.kill(worker ?? 0, 'SIGKILL');
    const numbers: number[] = [];
    let secondAttemptAfter: number | null = null;
    for await (const record of installation.follow(id)) {
      if (typeof record['line'] !== 'number') continue;
      numbers.push(record['line']);
      if (record['attempt'] === 2) secondAttemptAfter ??= Date.now() - killedAt;
    }
    expect(await installation.get(`/api/builds/${id}/`)).toMatchObject({ status: 'success', attempt: 2 });
    expect(secondAttemptAfter).toBeLessThan(15_000);
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
  });
});

describe('starting', () => {
  it('after kill -9 of everything the next start finds all as it was, and no orphan stays', async () => {
    const installation = new Installation({ BUILD_ENGINE: 'buildah' });
    try {
      await installation.start({ builds: false });
      await installation.refreshed(1);
      const id = await installation.trigger({ repository_id: 1, ref: 'faster' });
      for (const pid of [installation.pid, ...installation.pids('dist/main.js')])
        process.kill(pid, 'SIGKILL');
      await installation.stop('SIGKILL');
      await installation.start();
      expect(await installation.ended(id)).toMatchObject({ status: 'success' });
      expect(installation.pids('apps/worker/dist/main.js')).toHaveLength(1);
      expect(installation.pids('apps/api/dist/main.js')).toHaveLength(1);
      expect(await installation.stop()).toBe(0);
      expect(installation.pids('dist/main.js')).toEqual([]);
    } finally {
      await installation.remove();
    }
  });
});
