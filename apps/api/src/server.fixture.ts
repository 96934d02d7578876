import { loadServerConfiguration, type Environment } from '@nohands/config';
import {
  ApiTokensStore,
  BuildClaimsStore,
  BuildLogsStore,
  BuildsStore,
  CommitsStore,
  JobsStore,
  UsersStore,
  WorkersStore,
} from '@nohands/database';
import { system, type RepositoryRole, type UserPrincipal } from '@nohands/domain';
import { createTestDatabase } from '@nohands/testing';
import type { InjectOptions } from 'fastify';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataSource } from 'typeorm';
import { hashSecret } from './admin/secrets.js';
import { startServer } from './server.js';

const actor = system('test');

/** A server on a database of its own, in this process; for specs only. */
export async function openServer(
  environment: Environment = {},
  dashboardFolder?: string,
  fill: (dataDir: string) => Promise<void> = async () => undefined,
) {
  const database = await createTestDatabase();
  const dataDir = await mkdtemp(join(tmpdir(), 'nohands-api-'));
  await fill(dataDir);
  const configuration = loadServerConfiguration({
    DATABASE_URL: database.connectionString,
    SECRET_KEY: 'only-for-tests-'.repeat(4),
    DATA_DIR: dataDir,
    PORT: '0',
    ...environment,
  });
  const server = await startServer(configuration, dashboardFolder ?? join(dataDir, 'no-dashboard'));
  const { app } = server;
  const stores = {
    builds: app.get(BuildsStore),
    claims: app.get(BuildClaimsStore),
    commits: app.get(CommitsStore),
    jobs: app.get(JobsStore),
    logs: app.get(BuildLogsStore),
    tokens: app.get(ApiTokensStore),
    users: app.get(UsersStore),
    workers: app.get(WorkersStore),
  };
  const dataSource = app.get(DataSource);
  return {
    ...server,
    ...stores,
    dataSource,
    dataDir,
    databaseUrl: database.connectionString,
    storageUrl: configuration.storageUrl,
    url: `http://127.0.0.1:${server.port}`,
    makePerson: (name: string, options?: { isAdmin?: boolean }) =>
      makePerson(stores, name, options?.isAdmin ?? false),
    makeRepository: (name: string) => makeRepository(dataSource, name),
    addMember: (repositoryId: number, person: Person, role: RepositoryRole) =>
      dataSource.query('INSERT INTO repository_members (repository_id, user_id, role) VALUES ($1, $2, $3)', [
        repositoryId,
        person.principal.userId,
        role,
      ]),
    makeWorker: () =>
      stores.workers.register(actor, { id: 'worker-1', host: 'test', pid: 1, version: '0', slots: 2 }),
    /** An answer with its JSON; `as` signs the request with the person's token. */
    async call({ as, ...request }: InjectOptions & { as?: Person }) {
      const headers = { ...request.headers, ...(as ? { authorization: `Bearer ${as.token}` } : {}) };
      const answer = await app.inject({ ...request, headers });
      const isJson = String(answer.headers['content-type']).includes('json');
      return {
        status: answer.statusCode,
        headers: answer.headers,
        body: isJson ? answer.json() : answer.body,
      };
    },
    async close() {
      await server.stop();
      await database.drop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

export type TestServer = Awaited<ReturnType<typeof openServer>>;
export type Person = { readonly principal: UserPrincipal; readonly token: string };

async function makePerson(
  { users, tokens }: { users: UsersStore; tokens: ApiTokensStore },
  name: string,
  isAdmin: boolean,
): Promise<Person> {
  const email = `${name}@people.test`;
  const { id } = await users.create(actor, { email, name, passwordHash: null, isAdmin });
  const principal: UserPrincipal = { kind: 'user', userId: id, email, isAdmin, tokenId: null };
  const token = `nh_test_${name}_${'x'.repeat(32)}`;
  await tokens.create(principal, { name: 'test', tokenHash: hashSecret(token), prefix: 'nh_test' });
  return { principal, token };
}

/** A repository with one commit on the branch `main`. */
async function makeRepository(dataSource: DataSource, name: string) {
  const [repository] = await dataSource.query(
    `INSERT INTO repositories (name, url, image_name, default_branch)
     VALUES ($1, $2, $1, 'main') RETURNING id`,
    [name, `https://git.test/${name}`],
  );
  const sha = hashSecret(name).toString('hex').slice(0, 40);
  const [commit] = await dataSource.query(
    `INSERT INTO commits (repository_id, sha, message, author, author_email, committed_at)
     VALUES ($1, $2, 'first', 'A', 'a@test', now()) RETURNING id`,
    [repository.id, sha],
  );
  const [branch] = await dataSource.query(
    `INSERT INTO refs (repository_id, kind, name, commit_id) VALUES ($1, 'branch', 'main', $2) RETURNING id`,
    [repository.id, commit.id],
  );
  await dataSource.query(
    'INSERT INTO branch_commits (ref_id, generation, position, commit_id) VALUES ($1, 1, 1, $2)',
    [branch.id, commit.id],
  );
  return {
    repositoryId: repository.id as number,
    commitId: commit.id as number,
    branchId: branch.id as number,
    sha,
  };
}
