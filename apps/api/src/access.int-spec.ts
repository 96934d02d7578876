import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AccessGuard } from './admin/access.guard.js';
import { openServer, type Person, type TestServer } from './server.fixture.js';

const roles = ['nobody', 'stranger', 'viewer', 'developer', 'owner', 'admin'] as const;
type Role = (typeof roles)[number];

type Row = {
  readonly route: string;
  /** Status for each role, in the order of `roles`. */
  readonly statuses: readonly [number, number, number, number, number, number];
  readonly body?: (place: Place) => object;
};
type Place = { repositoryId: number; commitId: number; buildId: number; tokenId: number; userId: number };

const everybody = (status: number): Row['statuses'] => [status, status, status, status, status, status];
const signedIn = (status: number): Row['statuses'] => [401, status, status, status, status, status];
const viewers = (status: number): Row['statuses'] => [401, 404, status, status, status, status];
const developers = (status: number): Row['statuses'] => [401, 404, 403, status, status, status];
const owners = (status: number): Row['statuses'] => [401, 404, 403, 403, status, status];
const admins = (status: number): Row['statuses'] => [401, 403, 403, 403, 403, status];

/** Every route and what each person gets. A route without a row fails the test below. */
const table: readonly Row[] = [
  { route: 'GET /livez', statuses: everybody(200) },
  { route: 'GET /readyz', statuses: everybody(200) },
  { route: 'GET /api/setup', statuses: everybody(200) },
  {
    route: 'POST /api/setup',
    statuses: everybody(409),
    body: () => ({ token: 'x', email: 'a@b.test', name: 'A', password: 'long enough' }),
  },
  {
    route: 'POST /api/auth/login',
    statuses: everybody(401),
    body: () => ({ email: `${Math.random()}@people.test`, password: 'wrong' }),
  },
  { route: 'POST /api/auth/logout', statuses: everybody(204) },
  { route: 'GET /api/auth/me', statuses: signedIn(200) },
  { route: 'GET /api/tokens', statuses: signedIn(200) },
  { route: 'POST /api/tokens', statuses: signedIn(201), body: () => ({ name: 'mine' }) },
  // Somebody else's token, also for the administrator, who has a route of their own.
  { route: 'DELETE /api/tokens/:id', statuses: signedIn(404) },
  { route: 'GET /api/repositories', statuses: signedIn(200) },
  {
    route: 'POST /api/repositories',
    statuses: signedIn(201),
    body: () => ({ name: `made ${Math.random()}`, url: 'https://git.test/made' }),
  },
  { route: 'GET /api/repositories/:id', statuses: viewers(200) },
  { route: 'PATCH /api/repositories/:id', statuses: owners(200), body: () => ({ description: 'changed' }) },
  { route: 'POST /api/repositories/:id/refresh', statuses: developers(202) },
  { route: 'DELETE /api/repositories/:id', statuses: owners(204) },
  { route: 'GET /api/branches', statuses: viewers(200) },
  { route: 'GET /api/tags', statuses: viewers(200) },
  { route: 'GET /api/commits', statuses: viewers(200) },
  { route: 'GET /api/builds', statuses: viewers(200) },
  {
    route: 'POST /api/builds/trigger',
    statuses: developers(201),
    body: ({ repositoryId, commitId }) => ({ repository_id: repositoryId, commit_id: commitId }),
  },
  { route: 'GET /api/builds/:id', statuses: viewers(200) },
  { route: 'GET /api/builds/:id/logs', statuses: viewers(200) },
  { route: 'GET /api/builds/:id/image', statuses: viewers(409) },
  { route: 'POST /api/builds/:id/cancel', statuses: developers(202) },
  { route: 'GET /api/admin/users', statuses: admins(200) },
  {
    route: 'POST /api/admin/users',
    statuses: admins(201),
    body: () => ({ email: `new${Math.random()}@people.test`, name: 'New', password: 'long enough' }),
  },
  { route: 'PATCH /api/admin/users/:id', statuses: admins(200), body: () => ({ name: 'Renamed' }) },
  { route: 'GET /api/admin/tokens', statuses: admins(200) },
  { route: 'DELETE /api/admin/tokens/:id', statuses: admins(204) },
  { route: 'GET /api/admin/queue', statuses: admins(200) },
  { route: 'GET /api/admin/settings', statuses: admins(200) },
  { route: 'PATCH /api/admin/settings', statuses: admins(200), body: () => ({ queue_paused: false }) },
];

/** Files and pages that hold no data; what they load asks for its own rights. */
const pages = /^\/(\*|api\/(docs|openapi\.json|openapi)(\/.*|-.*)?)$/;

describe(AccessGuard.name, () => {
  let server: TestServer;
  const people: Partial<Record<Role, Person>> = {};

  beforeAll(async () => {
    server = await openServer();
    for (const role of roles.slice(1))
      people[role] = await server.makePerson(role, { isAdmin: role === 'admin' });
  });

  afterAll(() => server.close());

  it('has a row of rights for every route of the server, and no row without a route', () => {
    const served = server.routes.all
      .filter(({ method, url }) => method !== 'HEAD' && method !== 'OPTIONS' && !pages.test(url))
      .map(({ method, url }) => `${method} ${url.replace(/(.)\/$/, '$1')}`);
    expect([...new Set(served)].sort()).toEqual(table.map(({ route }) => route).sort());
  });

  /** Everything a route can speak of, fresh: what one role deletes the next still finds. */
  async function makePlace(): Promise<Place> {
    const name = `place-${Math.random().toString(36).slice(2)}`;
    const { repositoryId, commitId, sha } = await server.makeRepository(name);
    for (const role of ['viewer', 'developer', 'owner'] as const) {
      await server.addMember(repositoryId, people[role]!, role);
    }
    const owner = people.owner!.principal;
    const buildId = await server.builds.trigger(owner, {
      repositoryId,
      commitId,
      ref: null,
      branchName: 'main',
      pushToRegistry: false,
      timeoutSeconds: 60,
      imageTag: `${name}:${sha}`,
    });
    const other = await server.makePerson(name);
    const [token] = (await server.tokens.page(other.principal, { limit: 1 })).results;
    return { repositoryId, commitId, buildId, tokenId: token!.id, userId: other.principal.userId };
  }

  function addressOf(route: string, place: Place): { method: string; url: string } {
    const [method = '', path = ''] = route.split(' ');
    const id = path.includes('/tokens/')
      ? place.tokenId
      : path.includes('/users/')
        ? place.userId
        : path.includes('/builds/')
          ? place.buildId
          : place.repositoryId;
    const isFiltered = /^\/api\/(branches|tags|commits|builds)$/.test(path) && method === 'GET';
    const query = isFiltered ? `?repository=${place.repositoryId}` : '';
    return { method, url: path.replace(':id', String(id)) + query };
  }

  const cases = table.flatMap((row) =>
    roles.map((role, index) => ({ row, role, status: row.statuses[index] })),
  );

  it.each(cases)('$row.route as $role: $status', async ({ row, role, status }) => {
    const place = await makePlace();
    const person = people[role];
    const answer = await server.call({
      ...(addressOf(row.route, place) as { method: 'GET'; url: string }),
      ...(person ? { as: person } : {}),
      ...(row.body ? { payload: row.body(place) } : {}),
    });
    expect(answer.status, JSON.stringify(answer.body)).toBe(status);
  });

  it('takes a token from nowhere but the header', async () => {
    const token = people.admin!.token;
    const answer = await server.call({
      method: 'GET',
      url: `/api/auth/me?token=${token}&access_token=${token}`,
    });
    expect(answer.status).toBe(401);
  });

  it('lets neither an unknown token nor another scheme in', async () => {
    for (const authorization of ['Bearer nh_unknown', 'Bearer', 'Basic YTpi', `Bearer ${'x'.repeat(5000)}`]) {
      const answer = await server.call({ method: 'GET', url: '/api/auth/me', headers: { authorization } });
      expect([answer.status, answer.headers['www-authenticate']]).toEqual([401, 'Bearer realm="NoHands"']);
    }
  });
});
