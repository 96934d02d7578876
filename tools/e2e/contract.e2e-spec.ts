import { createHash } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GitFixture, startRegistry } from '@nohands/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Installation, type Answer, type Json } from './installation.fixture.js';

const fields = {
  repository: `id, name, url, description, default_branch, dockerfile_path, image_name, is_active, refresh_status,
    refreshed_at, refresh_error, created_at`,
  branch: 'id, repository_id, repository_name, name, commit_sha, last_updated',
  commit: `id, repository_id, repository_name, branch_name, sha, message, author, author_email, committed_at`,
  build: `id, repository_id, repository_name, commit_id, commit_sha, branch_name, status, ref, image_tag, image_digest,
    image_reference, image_size, error_code, error_message, error_detail, waiting_reason, cancel_requested_at,
    stop_confirmed, push_to_registry, deploy_after_build, attempt, created_at, started_at, completed_at, duration,
    log_lines, log_sha256`,
};
const namesOf = (list: string): string[] => list.split(',').map((name) => name.trim());
const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as unknown;
const sha = expect.stringMatching(/^[0-9a-f]{40}$/) as unknown;
const person = { name: 'Ada', email: 'ada@example.org', password: 'a long enough password' };

function expectFields(object: Json | undefined, list: string): void {
  expect(Object.keys(object ?? {})).toEqual(expect.arrayContaining(namesOf(list)));
}

/** What scripts rely on, as a script meets it: a new installation, its set-up link, a token, and then the calls. */
describe('the contract that scripts rely on', () => {
  let installation: Installation;
  let registry: Awaited<ReturnType<typeof startRegistry>>;
  let folder: string;
  let token: string | null = null;
  let repository: Json;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'nohands-e2e-contract-'));
    registry = await startRegistry();
    installation = await new Installation({
      BUILD_ENGINE: 'buildah',
      GIT_ALLOW_LOCAL: 'true',
      DOCKER_REGISTRY: registry.address,
    }).start({ withAdmin: false });
  });
  afterAll(async () => {
    await installation.remove();
    await registry.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const call = (method: string, path: string, body?: Json): Promise<Answer> =>
    installation.request(method, path, { token, ...(body === undefined ? {} : { body }) });
  const get = async (path: string): Promise<Json> => {
    const answer = await call('GET', path);
    expect(answer.status, path).toBe(200);
    return answer.body;
  };
  const first = async (path: string): Promise<Json | undefined> =>
    ((await get(path))['results'] as Json[])[0];
  const log = async (id: unknown, query: string, accept: string): Promise<string> => {
    const response = await fetch(`${installation.address}/api/builds/${String(id)}/logs${query}`, {
      headers: { authorization: `Bearer ${token ?? ''}`, accept },
    });
    expect(response.headers.get('content-type')).toContain(accept);
    return response.text();
  };
  const records = async (id: unknown, query: string): Promise<Json[]> =>
    (await log(id, query, 'application/x-ndjson'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Json);
  /** Resolves when its first refresh has ended; each question waits for the answer before. */
  const refreshed = async (id: unknown): Promise<Json> => {
    for (;;) {
      const row = await get(`/api/repositories/${String(id)}/`);
      if (row['refresh_status'] !== 'running') return row;
    }
  };

  it('the set-up link makes the first administrator once; login and a token follow', async () => {
    expect((await call('GET', '/api/repositories/')).status).toBe(401);
    const link = new URL(installation.setupLink ?? '');
    const setup = { ...person, token: new URLSearchParams(link.hash.slice(1)).get('token') };
    expect((await call('GET', '/api/setup/')).body).toEqual({ needed: true });
    expect((await call('POST', '/api/setup/', { ...setup, token: 'forged' })).status).toBe(410);
    const made = await call('POST', '/api/setup/', setup);
    expect(made).toMatchObject({ status: 201, body: { email: person.email, is_admin: true } });
    expect(await call('POST', '/api/setup/', setup)).toMatchObject({
      status: 409,
      body: { code: 'setup_done' },
    });

    const { email, password } = person;
    const wrong = await call('POST', '/api/auth/login/', { email, password: 'wrong' });
    expect(wrong).toMatchObject({ status: 401, body: { code: 'wrong_credentials' } });
    const login = await call('POST', '/api/auth/login/', { email, password });
    expect(login).toMatchObject({ status: 200, body: { email } });
    const cookie = login.headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/HttpOnly/);
    const response = await fetch(`${installation.address}/api/tokens/`, {
      method: 'POST',
      headers: {
        cookie: cookie.split(';')[0] ?? '',
        origin: installation.address,
        'content-type': 'application/json',
      },
      body: '{"name": "script"}',
    });
    const created = (await response.json()) as Json;
    expect(response.status).toBe(201);
    token = String(created['token']);
    expect((await call('GET', '/api/auth/me/')).body).toMatchObject({ email });
  });

  it('answers /readyz, and /readyz?builds=1 with 503 until a build could start', async () => {
    expect(await get('/readyz')).toMatchObject({ status: 'ready', database: 'ok', schema: 'ok' });
    await installation.untilBuildsAreReady();
    expect(await get('/readyz?builds=1')).toMatchObject({ status: 'ready', builds: 'ready', reasons: [] });
  });

  it('takes a repository with 201 and a refresh with 202, running from that answer on', async () => {
    const git = new GitFixture(join(folder, 'app'));
    git.commit('a shell', { busybox: readFileSync('/bin/busybox') });
    chmodSync(join(git.directory, 'busybox'), 0o755);
    git.commit('two lines\n\nand why', {
      Dockerfile: 'FROM scratch\nCOPY busybox /bin/sh\nRUN echo one; echo two >&2\n',
    });
    git.git('checkout', '--quiet', '-b', 'slow');
    git.commit('slow', {
      Dockerfile: 'FROM scratch\nCOPY busybox /bin/sh\nRUN echo waiting; sleep 600\n',
    });
    git.git('checkout', '--quiet', 'main');
    const created = await call('POST', '/api/repositories/', { name: 'app', url: git.directory });
    expect(created).toMatchObject({
      status: 201,
      body: { name: 'app', refresh_status: 'running', refreshed_at: null, is_active: true, created_at: time },
    });
    expectFields(created.body, fields.repository);
    const path = `/api/repositories/${String(created.body['id'])}/`;
    await refreshed(created.body['id']);
    const again = await call('POST', `${path}refresh/`);
    expect(again).toMatchObject({ status: 202, body: { refresh_status: 'running' } });
    repository = await refreshed(created.body['id']);
    expectFields(repository, fields.repository);
    expect(repository).toMatchObject({
      ...{ refresh_status: 'idle', refreshed_at: time, refresh_error: null, default_branch: 'main' },
      ...{ dockerfile_path: 'Dockerfile', image_name: 'app', description: '', url: git.directory },
    });
  });

  it('shows branches and commits with the fields that were promised', async () => {
    const id = String(repository['id']);
    const of = { repository_id: repository['id'], repository_name: 'app' };
    const branch = await first(`/api/branches/?repository=${id}`);
    expectFields(branch, fields.branch);
    expect(branch).toMatchObject({ ...of, commit_sha: sha, last_updated: time });
    const commit = await first(`/api/commits/?repository=${id}`);
    expectFields(commit, fields.commit);
    expect(commit).toMatchObject({ ...of, sha, message: 'slow', author: 'Ada Author', committed_at: time });
    const slow = ((await get(`/api/branches/?repository=${id}`))['results'] as Json[]).find(
      ({ name }) => name === 'slow',
    );
    const ofBranch = (await get(`/api/commits/?branch=${String(slow?.['id'])}`))['results'] as Json[];
    expect(ofBranch.map(({ branch_name }) => branch_name)).toEqual(['slow', 'slow', 'slow']);
  });

  it('builds, pushes and shows it with the fields that were promised; lists carry no logs', async () => {
    const main = (
      (await get(`/api/commits/?repository=${String(repository['id'])}`))['results'] as Json[]
    ).find(({ message }) => String(message).startsWith('two lines'));
    const triggered = await call('POST', '/api/builds/trigger/', {
      ...{ repository_id: repository['id'], commit_id: main?.['id'] },
      ...{ push_to_registry: true, deploy_after_build: false },
    });
    expect(triggered.status).toBe(201);
    expectFields(triggered.body, fields.build);
    expect(triggered.body).toMatchObject({ deploy_after_build: false, log_lines: null, log_sha256: null });
    const { id } = triggered.body;
    const lines = await records(id, '?follow=true');
    const build = await get(`/api/builds/${String(id)}/`);
    expectFields(build, `${fields.build}, logs, logs_truncated`);
    const tag = `${registry.address}/app:${String(main?.['sha'])}`;
    expect(build).toMatchObject({
      ...{ status: 'success', branch_name: 'main', commit_sha: main?.['sha'], ref: null, image_tag: tag },
      ...{ error_code: null, error_message: null, error_detail: null, waiting_reason: null, attempt: 1 },
      ...{ cancel_requested_at: null, push_to_registry: true, started_at: time, completed_at: time },
      ...{
        logs_truncated: false,
        image_reference: `${registry.address}/app@${String(build['image_digest'])}`,
      },
    });
    expect(build['duration']).toBeCloseTo(
      (Date.parse(String(build['completed_at'])) - Date.parse(String(build['started_at']))) / 1000,
    );
    expect(build['image_size']).toBeGreaterThan(0);

    const end = lines.pop();
    const { log_lines, log_sha256 } = build;
    expect(end).toEqual({ end: true, status: 'success', log_lines, log_sha256 });
    for (const line of lines) {
      expect(Object.keys(line).sort()).toEqual(['attempt', 'line', 'step', 'stream', 'text', 'time']);
      expect(line['time']).toEqual(time);
    }
    expect(lines.map(({ line }) => line)).toEqual(lines.map((_, index) => index + 1));
    expect(lines).toContainEqual(expect.objectContaining({ stream: 'stdout', text: 'one', attempt: 1 }));
    expect(lines).toContainEqual(expect.objectContaining({ stream: 'stderr', text: 'two' }));
    expect(lines[0]).toMatchObject({ stream: 'system', step: 1 });

    const text = await log(id, '', 'text/plain');
    expect(text).toBe(lines.map((line) => `${String(line['text'])}\n`).join(''));
    expect(createHash('sha256').update(text).digest('hex')).toBe(log_sha256);
    expect(build['logs']).toBe(text);
    expect(await records(id, `?after=${lines.length - 1}`)).toEqual([lines.at(-1), end]);
    expect(await log(id, `?after=${lines.length}`, 'text/plain')).toBe('');

    const listed = await first(
      `/api/builds/?repository=${String(repository['id'])}&status=success&branch=main&commit=${String(main?.['id'])}`,
    );
    expectFields(listed, fields.build);
    expect(listed).toMatchObject({ id });
    expect(listed).not.toHaveProperty('logs');
    expect(await get(`/api/builds/?repository=1`)).toEqual({
      count: 0,
      next: null,
      previous: null,
      results: [],
    });
  });

  it('cancels a running build with 202 and confirms the stop', async () => {
    const { body } = await call('POST', '/api/builds/trigger/', {
      repository_id: repository['id'],
      ref: 'slow',
    });
    const response = await fetch(
      `${installation.address}/api/builds/${String(body['id'])}/logs?follow=true`,
      {
        headers: { authorization: `Bearer ${token ?? ''}` },
      },
    );
    if (response.body === null) throw new Error('no body');
    let cancelled: Answer | null = null;
    let seen = '';
    for await (const part of response.body.pipeThrough(new TextDecoderStream())) {
      seen += part;
      if (cancelled === null && /^waiting$/m.test(seen))
        cancelled = await call('POST', `/api/builds/${String(body['id'])}/cancel/`);
    }
    expect(cancelled).toMatchObject({ status: 202, body: { cancel_requested_at: time } });
    expect(await get(`/api/builds/${String(body['id'])}/`)).toMatchObject({
      ...{ status: 'cancelled', stop_confirmed: true, error_code: null, branch_name: 'slow', ref: 'slow' },
    });
    const again = await call('POST', `/api/builds/${String(body['id'])}/cancel/`);
    expect(again).toMatchObject({ status: 409, body: { code: 'already_final' } });
  });
});
