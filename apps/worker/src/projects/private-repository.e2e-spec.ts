import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createDataSource, sealCredentials, SecretCipher } from '@nohands/database';
import { system } from '@nohands/domain';
import { findTablesWith, GitFixture, GitServer } from '@nohands/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { end, Workshop, workshopKey } from '../workshop.fixture.js';

const principal = system('test');
const account = { username: 'ada', password: 'sentinel-f1e2d3c4b5a6' };
const dockerfile = `FROM scratch
COPY busybox /bin/sh
RUN echo "the password is ${account.password}, in base64 ${Buffer.from(account.password).toString('base64')}"
`;

describe('a private repository', () => {
  let workshop: Workshop;
  let server: GitServer;
  let git: GitFixture;
  let dataSource: ReturnType<typeof createDataSource>;

  beforeAll(async () => {
    workshop = await Workshop.open({
      environment: { GIT_ALLOW_LOCAL: 'false', GIT_ALLOW_PRIVATE_ADDRESSES: 'true' },
    });
    dataSource = await createDataSource(workshop.databaseUrl, { poolSize: 2 }).initialize();
    const root = join(workshop.folder, 'served');
    mkdirSync(root);
    git = new GitFixture(join(root, 'private'));
    git.commit('a shell', { busybox: readFileSync('/bin/busybox') });
    chmodSync(join(git.directory, 'busybox'), 0o755);
    git.commit('first', { Dockerfile: dockerfile });
    server = await GitServer.start({ root, account });
    await workshop.startWorker();
  });
  afterAll(async () => {
    await workshop.close();
    await server.stop();
    await dataSource.destroy();
  });

  const create = (name: string, password: string, key = workshopKey) => {
    const url = server.url('private');
    const credentials = sealCredentials(new SecretCipher(key), url, { username: account.username, password });
    return workshop.stores.repositories.create(principal, { name, url, credentials });
  };
  const refreshed = (id: number) =>
    workshop.until(async () => {
      const repository = await workshop.stores.repositories.find(principal, id);
      return repository?.refreshStatus === 'running' ? null : repository;
    });

  it('is refreshed and built with its password, which is then nowhere to be read', async () => {
    const { id } = await create('private', account.password);
    expect(await refreshed(id)).toMatchObject({ refreshStatus: 'idle', refreshError: null });
    const head = git.git('rev-parse', 'HEAD');
    const commit = await workshop.stores.commits.findBySha(principal, id, head);
    const build = await workshop.trigger({ repositoryId: id, commitId: commit?.id ?? 0 });
    expect(await workshop.ended(build)).toMatchObject({ status: 'success' });
    expect((await workshop.texts(build)).join('\n')).toContain('the password is ***, in base64 ***');
    expect(server.seen.some(({ authorization }) => authorization !== null)).toBe(true);

    // The Dockerfile and its steps are the repository's own text; its log and every table are ours.
    expect(await findTablesWith(dataSource, account.password)).toEqual([]);
    expect(await findTablesWith(dataSource, 'the password is')).toContain('build_log_chunks');
    expect(workshop.output).not.toContain(account.password);
    const file = readFileSync(join(workshop.folder, 'data', 'git', String(id), 'config'), 'utf8');
    expect(file).not.toContain(account.password);
  });

  it('says that the password is wrong, or encrypted with another key, and goes on working', async () => {
    const wrong = await create('wrong', 'some-other-password');
    expect(await refreshed(wrong.id)).toMatchObject({ refreshErrorCode: 'repository_denied' });
    const foreign = await create(
      'foreign',
      account.password,
      'another key of the tests, long enough to count',
    );
    expect(await refreshed(foreign.id)).toMatchObject({
      refreshErrorCode: 'repository_denied',
      refreshError: expect.stringContaining('another SECRET_KEY'),
    });
    const right = await create('right', account.password);
    expect(await refreshed(right.id)).toMatchObject({ refreshStatus: 'idle' });
    expect(workshop.output).not.toContain(account.password);
    expect(workshop.output).not.toContain('some-other-password');
  });

  it('leaves no mirror behind when it is deleted, at once or at the next start of a worker', async () => {
    const mirror = (id: number) => join(workshop.folder, 'data', 'git', String(id));
    const [first, second] = [
      await create('first', account.password),
      await create('second', account.password),
    ];
    await refreshed(first.id);
    await refreshed(second.id);
    expect([existsSync(mirror(first.id)), existsSync(mirror(second.id))]).toEqual([true, true]);
    const stays = join(workshop.folder, 'data', 'git', '999999');
    mkdirSync(stays);

    const said = (text: string) => untilSaid(workshop, text);
    const gone = said(`Removed the mirror of repository ${first.id}`);
    await workshop.stores.repositories.delete(principal, first.id);
    await gone;
    expect(existsSync(mirror(first.id))).toBe(false);

    for (const worker of workshop.workers) await end(worker, 'SIGTERM');
    await workshop.stores.repositories.delete(principal, second.id);
    await workshop.startWorker();
    await said(`Removed the mirror of repository ${second.id}`);
    expect(existsSync(mirror(second.id))).toBe(false);
    expect(existsSync(stays)).toBe(true);
  });
});

/** Resolves when a worker has written the text. */
async function untilSaid(workshop: Workshop, text: string): Promise<void> {
  while (!workshop.output.includes(text)) {
    const worker = workshop.workers.at(-1);
    if (worker?.stdout) await once(worker.stdout, 'data');
  }
}
