import { GitFixture, GitServer } from '@nohands/testing';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { GitMirror } from './git-mirror.js';
import { GitMirrors } from './git-mirrors.js';
import { lockFile } from './mirror-lock.js';

let root: string;
let server: GitServer;
let remote: GitFixture;
let mirror: GitMirror;
let directory: string;
let head: string;
let number = 0;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'mirror-damage-'));
  server = await GitServer.start({ root: join(root, 'remotes') });
});

beforeEach(async () => {
  number++;
  remote = new GitFixture(join(root, 'remotes', `r${number}`));
  head = remote.commit('one', { 'a.bin': randomBytes(200_000), 'b/c.txt': 'c' });
  directory = join(root, 'mirrors', String(number));
  mirror = await new GitMirrors(settings()).open(number, {
    url: server.url(`r${number}`),
    credentials: null,
  });
});

afterEach(() => {
  server.misbehaviour = null;
});

afterAll(async () => {
  await server.stop();
  rmSync(root, { recursive: true, force: true });
});

function settings() {
  return { mirrorsDirectory: join(root, 'mirrors'), allowLocal: false, allowPrivateAddresses: true };
}

/** All object files, so that whatever is read next is damaged. */
function objectFiles(): string[] {
  const entries = readdirSync(join(directory, 'objects'), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.idx'))
    .map((entry) => join(entry.parentPath, entry.name));
}

describe(`a damaged ${GitMirror.name}`, () => {
  it.each(['half', 'empty', 'gone', 'garbage'] as const)(
    'is fetched anew by the next check-out: object files %s',
    async (how) => {
      await mirror.fetch();
      for (const file of objectFiles()) {
        if (how === 'half') {
          truncateSync(file, Math.floor(statSync(file).size / 2));
          continue;
        }
        rmSync(file, { force: true });
        if (how === 'gone') continue;
        writeFileSync(file, how === 'garbage' ? randomBytes(500) : '');
      }
      const out = join(root, `out-${number}`);
      await mirror.checkOut({ sha: head, directory: out });
      expect(statSync(join(out, 'a.bin')).size).toBe(200_000);
    },
  );

  it('is fetched anew by a check-out when a pack was cut in half', async () => {
    await mirror.fetch();
    await packAll();
    const [pack = ''] = objectFiles().filter((file) => file.endsWith('.pack'));
    truncateSync(pack, Math.floor(statSync(pack).size / 2));
    await mirror.checkOut({ sha: head, directory: join(root, `out-${number}`) });
    expect(existsSync(join(root, `out-${number}`, 'b/c.txt'))).toBe(true);
  });

  it('is fetched anew by a fetch, a read and a walk', async () => {
    await mirror.fetch();
    for (const file of objectFiles()) writeBroken(file);
    expect((await mirror.readFile({ sha: head, path: 'b/c.txt', maxBytes: 10 })).bytes.toString()).toBe('c');
    for (const file of objectFiles()) writeBroken(file);
    const shas: string[] = [];
    for await (const { sha } of mirror.walkCommits({ from: [head] })) shas.push(sha);
    expect(shas).toEqual([head]);
    for (const file of objectFiles()) writeBroken(file);
    const next = remote.commit('two');
    expect((await mirror.fetch()).branches).toEqual([{ name: 'main', sha: next }]);
    expect((await mirror.readCommit(head)).message).toBe('one');
  });

  it.each(['HEAD', 'objects', 'refs', 'config'])('is fetched anew when %s is gone', async (name) => {
    await mirror.fetch();
    rmSync(join(directory, name), { recursive: true });
    expect((await mirror.fetch()).branches).toEqual([{ name: 'main', sha: head }]);
    expect((await mirror.readCommit(head)).message).toBe('one');
  });

  it('stays in place while the remote is away', async () => {
    await mirror.fetch();
    for (const file of objectFiles()) writeBroken(file);
    server.misbehaviour = { kind: 'status', status: 503 };
    await expect(
      mirror.checkOut({ sha: head, directory: join(root, `out-${number}`) }),
    ).rejects.toMatchObject({ code: 'remote_unreachable' });
    expect(existsSync(join(directory, 'HEAD'))).toBe(true);
  });
});

function writeBroken(file: string): void {
  rmSync(file, { force: true });
  writeFileSync(file, 'broken');
}

async function packAll(): Promise<void> {
  const child = spawn('git', ['--git-dir', directory, 'repack', '-adq'], { stdio: 'ignore' });
  await once(child, 'close');
}

/** A process that fetches by our own sources. */
function startFetcher(url: string) {
  const hook =
    'import{registerHooks}from"node:module";registerHooks({resolve(s,c,n){try{return n(s,c)}catch(e){if(s.endsWith(".js"))return n(s.slice(0,-3)+".ts",c);throw e}}})';
  const script = `import {GitMirrors} from ${JSON.stringify(fileURLToPath(new URL('./index.ts', import.meta.url)))};
    const mirror = await new GitMirrors(${JSON.stringify(settings())}).open(${number}, {url: ${JSON.stringify(url)}, credentials: null});
    await mirror.fetch();`;
  const file = join(root, `fetcher-${number}.mts`);
  writeFileSync(file, script);
  const args = [
    '--conditions=nohands-source',
    '--experimental-transform-types',
    '--no-warnings',
    '--import',
    `data:text/javascript,${encodeURIComponent(hook)}`,
    file,
  ];
  return spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] });
}

describe('a worker killed by SIGKILL in the middle of a fetch', () => {
  it('leaves no lock, no wreck and no git behind: the next fetch works at once', async () => {
    server.misbehaviour = { kind: 'stall', afterBytes: 50_000 };
    const stalled = once(server, 'stalled');
    const fetcher = startFetcher(server.url(`r${number}`));
    // The listing of refs is short of 50,000 bytes; only the pack stalls.
    await stalled;
    expect(readdirSync(join(root, 'mirrors')).some((name) => name.startsWith(`${number}.new-`))).toBe(true);
    fetcher.kill('SIGKILL');
    await once(fetcher, 'close');
    server.misbehaviour = null;
    expect((await mirror.fetch()).branches).toEqual([{ name: 'main', sha: head }]);
    const left = readdirSync(join(root, 'mirrors')).filter((name) => name.startsWith(`${number}`));
    expect(left.sort()).toEqual([String(number), `${number}.lock`]);
  });

  it('leaves the old mirror usable, and the old state whole', async () => {
    await mirror.fetch();
    const next = remote.commit('two', { 'd.bin': randomBytes(200_000) });
    server.misbehaviour = { kind: 'stall', afterBytes: 50_000 };
    const stalled = once(server, 'stalled');
    const fetcher = startFetcher(server.url(`r${number}`));
    await stalled;
    fetcher.kill('SIGKILL');
    await once(fetcher, 'close');
    server.misbehaviour = null;
    expect((await mirror.refs()).branches).toEqual([{ name: 'main', sha: head }]);
    // What git itself may leave when it is killed while it writes.
    writeFileSync(join(directory, 'packed-refs.lock'), '');
    writeFileSync(join(directory, 'refs', 'heads', 'main.lock'), '');
    expect((await mirror.fetch()).branches).toEqual([{ name: 'main', sha: next }]);
    expect(readdirSync(join(directory, 'objects', 'pack')).filter((name) => name.startsWith('tmp_'))).toEqual(
      [],
    );
  });
});

describe(lockFile.name, () => {
  it('keeps a second caller out until the first lets go', async () => {
    const file = join(root, 'some.lock');
    const first = await lockFile(file, 0);
    await expect(lockFile(file, 0)).rejects.toMatchObject({ code: 'mirror_busy' });
    await expect(lockFile(file, 10_000, AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
    const second = lockFile(file, 10_000);
    first.release();
    (await second).release();
  });
});
