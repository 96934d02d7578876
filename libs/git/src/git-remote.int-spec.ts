import { GitFixture, GitServer } from '@nohands/testing';
import { execFileSync } from 'node:child_process';
import { chownSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { GitError, type GitErrorCode } from './git-error.js';
import { GitMirrors } from './git-mirrors.js';
import type { GitRemote, GitSettings } from './git-settings.js';

const account = { username: 'me', password: 'hunter2-s3cret' };
let root: string;
let server: GitServer;
let guarded: GitServer;
let sha: string;
let number = 0;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'git-remote-'));
  const remotes = join(root, 'remotes');
  sha = new GitFixture(join(remotes, 'app')).commit('one', { 'a.bin': randomBytes(100_000) });
  server = await GitServer.start({ root: remotes });
  guarded = await GitServer.start({ root: remotes, account });
});

beforeEach(() => {
  server.misbehaviour = null;
  server.seen.length = 0;
  guarded.seen.length = 0;
});

afterAll(async () => {
  await server.stop();
  await guarded.stop();
  rmSync(root, { recursive: true, force: true });
});

function open(remote: Partial<GitRemote> & { url: string }, extra: Partial<GitSettings> = {}) {
  const base = { mirrorsDirectory: join(root, 'mirrors'), allowLocal: true, allowPrivateAddresses: true };
  return new GitMirrors({ ...base, ...extra }).open(++number, { credentials: null, ...remote });
}

async function failure(
  remote: Partial<GitRemote> & { url: string },
  extra: Partial<GitSettings> = {},
): Promise<GitError> {
  const mirror = await open(remote, extra);
  const error: unknown = await mirror.fetch().then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof GitError)) throw new Error('expected a GitError', { cause: error });
  expect(error.message).toMatch(/^[A-Z].*[.?]$/s);
  expect(JSON.stringify([error.message, error.detail])).not.toContain('hunter2');
  return error;
}

async function closedPort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as { port: number };
  probe.close();
  await once(probe, 'close');
  return port;
}

describe('a remote that wants credentials', () => {
  it('is fetched with the right ones, which stand in no argument, no file and no error', async () => {
    const mirror = await open({ url: guarded.url('app'), credentials: account });
    expect((await mirror.fetch()).branches).toEqual([{ name: 'main', sha }]);
    expect(guarded.seen.every(({ authorization }) => authorization?.startsWith('Basic '))).toBe(true);
    const files = readdirSync(join(root, 'mirrors', String(number)), {
      recursive: true,
      withFileTypes: true,
    });
    const secret = Buffer.from(`${account.username}:${account.password}`).toString('base64');
    for (const file of files.filter((entry) => entry.isFile())) {
      const text = readFileSync(join(file.parentPath, file.name), 'latin1');
      expect(text.includes(account.password) || text.includes(secret)).toBe(false);
    }
  });

  it('refuses wrong ones and none', async () => {
    expect(
      (await failure({ url: guarded.url('app'), credentials: { username: 'me', password: 'hunter2-wrong' } }))
        .code,
    ).toBe('repository_denied');
    expect((await failure({ url: guarded.url('app') })).message).toContain('wants credentials');
  });

  it('stays usable: the next fetch with the right ones works', async () => {
    const mirrors = new GitMirrors({
      mirrorsDirectory: join(root, 'mirrors'),
      allowLocal: false,
      allowPrivateAddresses: true,
    });
    const id = ++number;
    const bad = await mirrors.open(id, { url: guarded.url('app'), credentials: null });
    await expect(bad.fetch()).rejects.toMatchObject({ code: 'repository_denied' });
    const good = await mirrors.open(id, { url: guarded.url('app'), credentials: account });
    expect((await good.fetch()).branches).toHaveLength(1);
  });
});

describe('a remote that does not work', () => {
  it.each<[string, GitErrorCode]>([
    ['https://no-such-host.invalid/x', 'remote_unreachable'],
    ['git://no-such-host.invalid/x', 'remote_unreachable'],
    ['ssh://git@no-such-host.invalid/x', 'remote_unreachable'],
    ['/no/such/path', 'repository_not_found'],
    ['/proc', 'repository_not_found'],
    ['ext::sh -c id', 'url_not_allowed'],
    ['--upload-pack=touch /tmp/x', 'url_not_allowed'],
  ])('says of %s: %s', async (url, code) => {
    expect((await failure({ url })).code).toBe(code);
  });

  it('says which: nothing listens, no such repository, a web page, an error of the server', async () => {
    const port = await closedPort();
    for (const scheme of ['http', 'https', 'git', 'ssh']) {
      const error = await failure({ url: `${scheme}://127.0.0.1:${port}/x` });
      expect([scheme, error.code, error.message]).toEqual([
        scheme,
        'remote_unreachable',
        expect.stringContaining('refuses the connection'),
      ]);
    }
    expect((await failure({ url: server.url('nothing') })).code).toBe('repository_not_found');
    server.misbehaviour = { kind: 'page' };
    expect((await failure({ url: server.url('app') })).code).toBe('repository_not_found');
    server.misbehaviour = { kind: 'status', status: 502 };
    expect(await failure({ url: server.url('app') })).toMatchObject({
      code: 'remote_unreachable',
      message: expect.stringContaining('502'),
    });
  });

  it('gives up at the deadline when the server says nothing', async () => {
    server.misbehaviour = { kind: 'hang' };
    expect(await failure({ url: server.url('app') }, { lookDeadlineMs: 300 })).toMatchObject({
      code: 'remote_unreachable',
      message: expect.stringContaining('0.3 s'),
    });
  });

  it('gives up at the deadline when the transfer stands still, and ends git', async () => {
    const mirror = await open({ url: server.url('app') }, { fetchDeadlineMs: 1_000 });
    server.misbehaviour = { kind: 'stall', afterBytes: 50_000 };
    const stalled = once(server, 'stalled');
    await expect(Promise.all([mirror.fetch(), stalled])).rejects.toMatchObject({
      code: 'remote_unreachable',
    });
    server.misbehaviour = null;
    expect((await mirror.fetch()).branches).toHaveLength(1);
  });

  it('says that the connection broke when it does', async () => {
    server.misbehaviour = { kind: 'cut', afterBytes: 50_000 };
    expect((await failure({ url: server.url('app') })).code).toBe('remote_unreachable');
  });

  it('stops at an abort with its reason', async () => {
    const mirror = await open({ url: server.url('app') });
    server.misbehaviour = { kind: 'hang' };
    const controller = new AbortController();
    server.once('request', () => controller.abort(new Error('enough')));
    await expect(mirror.fetch(controller.signal)).rejects.toThrow('enough');
  });

  it('does not trust a certificate that nobody vouches for', async () => {
    const key = join(root, 'key.pem');
    const cert = join(root, 'cert.pem');
    const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:P-256',
        '-nodes',
        '-days',
        '1',
        '-keyout',
        key,
        '-out',
        cert,
        ...subject,
      ],
      { stdio: 'ignore' },
    );
    const secure = await GitServer.start({
      root: join(root, 'remotes'),
      tls: { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') },
    });
    try {
      const error = await failure({ url: secure.url('app') });
      expect(error).toMatchObject({
        code: 'remote_unreachable',
        message: expect.stringContaining('certificate'),
      });
      expect(secure.seen).toEqual([]);
    } finally {
      await secure.stop();
    }
  });
});

describe('addresses that are not allowed', () => {
  const strict = { allowPrivateAddresses: false };
  let listener: Server;
  let connections: number;
  let port: number;

  beforeEach(async () => {
    connections = 0;
    listener = createServer((socket) => {
      connections++;
      socket.destroy();
    }).listen(0, '127.0.0.1');
    await once(listener, 'listening');
    port = (listener.address() as { port: number }).port;
  });

  afterEach(async () => {
    listener.close();
    await once(listener, 'close');
    expect(connections).toBe(0);
  });

  it.each(['http', 'https', 'git', 'ssh'])(
    'are refused for %s before anything connects, also behind a name',
    async (scheme) => {
      const resolveHost = async () => ['93.184.216.34', '127.0.0.1'];
      expect((await failure({ url: `${scheme}://127.0.0.1:${port}/x` }, strict)).code).toBe(
        'blocked_address',
      );
      expect((await failure({ url: `${scheme}://2130706433:${port}/x` }, strict)).code).toBe(
        'blocked_address',
      );
      expect(
        (await failure({ url: `${scheme}://rebound.example:${port}/x` }, { ...strict, resolveHost })).code,
      ).toBe('blocked_address');
      const metadata = async () => ['169.254.169.254'];
      expect(
        (await failure({ url: `${scheme}://rebound.example:${port}/x` }, { resolveHost: metadata })).code,
      ).toBe('blocked_address');
    },
  );

  it('are refused as paths', async () => {
    expect((await failure({ url: join(root, 'remotes', 'app') }, { allowLocal: false })).code).toBe(
      'url_not_allowed',
    );
    const inside = await open({ url: join(root, 'remotes', 'app') });
    await inside.fetch();
    expect((await failure({ url: join(root, 'mirrors', String(number)) })).code).toBe('repository_not_found');
    const trusted = await open(
      { url: join(root, 'remotes', 'app') },
      { allowLocal: false, trustedPaths: [join(root, 'remotes', 'app')] },
    );
    expect((await trusted.fetch()).branches).toHaveLength(1);
  });

  it('are refused as the target of a redirect', async () => {
    server.misbehaviour = { kind: 'redirect', to: (path) => `http://inside.example:${port}${path}` };
    const resolveHost = async (host: string) =>
      host === 'inside.example' ? ['169.254.169.254'] : ['127.0.0.1'];
    expect((await failure({ url: `http://outside.example:${server.port}/app` }, { resolveHost })).code).toBe(
      'blocked_address',
    );
    for (const to of ['file:///etc/passwd', 'ssh://x/y', 'http://u:p@x/y', 'gopher://x']) {
      server.misbehaviour = { kind: 'redirect', to: () => to };
      expect((await failure({ url: server.url('app') })).code).toBe('blocked_address');
    }
  });
});

describe('a remote behind a name', () => {
  it('is reached at the address that was judged, by the look and by the transfer', async () => {
    const asked: string[] = [];
    const resolveHost = async (host: string) => {
      asked.push(host);
      return ['127.0.0.1'];
    };
    // No name service knows this name: git could not find it by itself.
    const mirror = await open({ url: server.url('app', 'pinned.invalid') }, { resolveHost });
    expect((await mirror.fetch()).branches).toEqual([{ name: 'main', sha }]);
    expect(asked).toEqual(['pinned.invalid']);
  });

  it('is followed through redirects, and git asks the final place only', async () => {
    const other = await GitServer.start({ root: join(root, 'remotes') });
    try {
      server.misbehaviour = { kind: 'redirect', to: (path) => `http://127.0.0.1:${other.port}${path}` };
      const mirror = await open({ url: server.url('app'), credentials: account });
      expect((await mirror.fetch()).branches).toEqual([{ name: 'main', sha }]);
      expect(server.seen).toHaveLength(1);
      expect(server.seen[0]?.authorization).not.toBeNull();
      expect(other.seen.length).toBeGreaterThan(2);
      expect(other.seen.map(({ authorization }) => authorization)).toEqual(other.seen.map(() => null));
    } finally {
      await other.stop();
    }
  });

  it('gives up on a circle of redirects', async () => {
    server.misbehaviour = { kind: 'redirect', to: (path) => path };
    expect((await failure({ url: server.url('app') })).message).toContain('redirects more than 5 times');
  });
});

describe('a path on this machine', () => {
  it.runIf(process.getuid?.() === 0)(
    'is read although it belongs to somebody else: the operator allowed it',
    async () => {
      const fixture = new GitFixture(join(root, 'remotes', 'foreign'));
      const commit = fixture.commit('one');
      execFileSync('chown', ['-R', '12345:12345', fixture.directory]);
      for (const url of [fixture.directory, `file://${fixture.directory}`]) {
        expect((await (await open({ url })).fetch()).branches).toEqual([{ name: 'main', sha: commit }]);
      }
      const bare = join(root, 'remotes', 'foreign.git');
      execFileSync('git', ['clone', '--quiet', '--bare', join(root, 'remotes', 'app'), bare], {
        stdio: 'ignore',
      });
      execFileSync('chown', ['-R', '12345:12345', bare]);
      chownSync(bare, 12_345, 12_345);
      expect((await (await open({ url: bare })).fetch()).branches).toEqual([{ name: 'main', sha }]);
    },
  );
});
