import { createHash } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GitFixture, skopeoDigest, startRegistry } from '@nohands/testing';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { Installation } from './installation.fixture.js';

const dagger = inject('dagger');

describe('the main job on a real Dagger engine', () => {
  let installation: Installation;
  let registry: Awaited<ReturnType<typeof startRegistry>>;
  let folder: string;
  let git: GitFixture;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'nohands-e2e-dagger-'));
    git = new GitFixture(join(folder, 'git'));
    git.commit('shell', { busybox: readFileSync('/bin/busybox') });
    chmodSync(join(git.directory, 'busybox'), 0o755);
    registry = await startRegistry({ username: 'pusher', password: 'a-password-of-the-registry' });
    installation = await new Installation({
      BUILD_ENGINE: 'dagger',
      DAGGER_BIN: dagger.daggerBin,
      DAGGER_ENGINE_HOSTS: dagger.engineHosts.join(','),
      GIT_ALLOW_LOCAL: 'true',
      DOCKER_REGISTRY: `${registry.address}/team`,
      DOCKER_REGISTRY_USERNAME: 'pusher',
      DOCKER_REGISTRY_PASSWORD: 'a-password-of-the-registry',
    }).start();
  });
  afterAll(async () => {
    await installation.remove();
    await registry.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('builds the sample repository by the seed call and pushes a branch under the digest it reports', async () => {
    await installation.refreshed(1);
    const seed = await installation.trigger({
      repository_id: 1,
      commit_id: 1,
      push_to_registry: false,
      deploy_after_build: false,
    });
    expect(await installation.ended(seed)).toMatchObject({ status: 'success', image_reference: null });
    const id = await installation.trigger({ repository_id: 1, ref: 'faster', push_to_registry: true });
    const build = await installation.ended(id);
    expect(build).toMatchObject({ status: 'success', error_message: null });
    const tag = String(build['image_tag']);
    expect(await skopeoDigest(`docker://${tag}`, 'pusher:a-password-of-the-registry')).toBe(
      build['image_digest'],
    );
    expect(build['image_reference']).toBe(
      `${tag.slice(0, tag.lastIndexOf(':'))}@${String(build['image_digest'])}`,
    );
  });

  it('keeps the log contract: numbers 1..n, the sealed hash is the hash of the text', async () => {
    const build = await installation.get('/api/builds/1/');
    const numbers: unknown[] = [];
    for await (const record of installation.follow(1))
      if (record['line'] !== undefined) numbers.push(record['line']);
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
    const { body } = await installation.request('GET', '/api/builds/1/logs');
    expect(createHash('sha256').update(String(body['text'])).digest('hex')).toBe(build['log_sha256']);
    // The engine may have built this very commit before: then its RUN is cached and writes nothing.
    expect(String(body['text'])).toContain(`Image ${String(build['image_digest'])}`);
  });

  it('says which step failed, and cancels a running build with nothing left to say', async () => {
    const broken = await installation.ended(await installation.trigger({ repository_id: 1, ref: 'broken' }));
    expect(broken).toMatchObject({ status: 'failed', error_code: 'step_failed' });
    git.commit('slow', {
      Dockerfile: `FROM scratch\nCOPY busybox /bin/sh\nCOPY busybox /bin/busybox\nRUN echo ${Date.now()}; i=0; while [ $i -lt 100 ]; do i=$((i+1)); echo "slow $i"; /bin/busybox sleep 0.2; done\n`,
    });
    const repository = await installation.addRepository('slow-dagger', git.directory);
    const id = await installation.trigger({ repository_id: repository['id'], ref: 'main' });
    await installation.line(id, /slow 3/);
    expect((await installation.request('POST', `/api/builds/${id}/cancel/`)).status).toBe(202);
    expect(await installation.ended(id)).toMatchObject({ status: 'cancelled', stop_confirmed: true });
  });

  it('the worker killed in the middle: another attempt ends the build, numbers without a gap', async () => {
    git.commit('killed', {
      Dockerfile: `FROM scratch\nCOPY busybox /bin/sh\nCOPY busybox /bin/busybox\nRUN echo ${Date.now()}; i=0; while [ $i -lt 15 ]; do i=$((i+1)); echo "killed $i"; /bin/busybox sleep 0.2; done\n`,
    });
    const [, repository] = await installation.results('/api/repositories/');
    const id = await installation.trigger({ repository_id: repository?.['id'], ref: 'main' });
    await installation.line(id, /killed 3/);
    const [worker] = installation.pids('apps/worker/dist/main.js');
    process.kill(worker ?? 0, 'SIGKILL');
    const numbers: unknown[] = [];
    for await (const record of installation.follow(id))
      if (record['line'] !== undefined) numbers.push(record['line']);
    const build = await installation.get(`/api/builds/${id}/`);
    expect(build).toMatchObject({ status: 'success', attempt: 2 });
    expect(String(build['logs'])).toContain('killed 15');
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
  });
});
