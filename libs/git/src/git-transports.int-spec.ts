import { GitFixture } from '@nohands/testing';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GitMirrors } from './git-mirrors.js';
import type { GitSettings } from './git-settings.js';

let root: string;
let sha: string;
let number = 0;
const children: ChildProcess[] = [];

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'git transports-'));
  sha = new GitFixture(join(root, 'remotes', 'app')).commit('one', { a: 'a' });
});

afterAll(() => {
  for (const child of children) child.kill();
  rmSync(root, { recursive: true, force: true });
});

function open(url: string, extra: Partial<GitSettings> = {}) {
  const base = { mirrorsDirectory: join(root, 'mir rors'), allowLocal: false, allowPrivateAddresses: true };
  return new GitMirrors({ ...base, ...extra }).open(++number, { url, credentials: null });
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as { port: number };
  probe.close();
  await once(probe, 'close');
  return port;
}

/** Resolves once the program says that it is ready; goes on draining its words. */
async function startServer(command: string, args: readonly string[], ready: RegExp): Promise<void> {
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  children.push(child);
  let said = '';
  await new Promise<void>((resolve, reject) => {
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString('utf8');
      if (ready.test(said)) resolve();
    });
    child.once('close', () => reject(new Error(`${command} did not start: ${said}`)));
  });
}

describe('git://', () => {
  it('is fetched from the address that was judged, with the virtual host of the name', async () => {
    const port = await freePort();
    const base = join(root, 'remotes');
    const args = [
      'daemon',
      '--verbose',
      '--export-all',
      '--listen=127.0.0.1',
      `--port=${port}`,
      `--interpolated-path=${base}/%H/%D`,
    ];
    execFileSync('git', [
      'clone',
      '--quiet',
      '--bare',
      join(base, 'app'),
      join(base, 'pinned.invalid', 'app'),
    ]);
    await startServer('git', args, /Ready to rumble/);
    const mirror = await open(`git://pinned.invalid:${port}/app`, { resolveHost: async () => ['127.0.0.1'] });
    expect((await mirror.fetch()).branches).toEqual([{ name: 'main', sha }]);
    const missing = await open(`git://pinned.invalid:${port}/nothing`, {
      resolveHost: async () => ['127.0.0.1'],
    });
    await expect(missing.fetch()).rejects.toMatchObject({ name: 'GitError' });
  });
});

describe('ssh', () => {
  let port: number;
  const keyFile = () => join(root, 'client key');

  beforeAll(async () => {
    port = await freePort();
    if (process.getuid?.() === 0 && !existsSync('/run/sshd')) mkdirSync('/run/sshd');
    for (const file of [join(root, 'host_key'), keyFile()])
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file]);
    writeFileSync(join(root, 'authorized'), readFileSync(`${keyFile()}.pub`));
    const config = [
      'UsePAM no',
      'StrictModes no',
      'PidFile none',
      `AuthorizedKeysFile "${join(root, 'authorized')}"`,
      `HostKey "${join(root, 'host_key')}"`,
      'PasswordAuthentication no',
      'PermitRootLogin yes',
    ];
    writeFileSync(join(root, 'sshd_config'), `${config.join('\n')}\n`);
    await startServer(
      '/usr/sbin/sshd',
      ['-D', '-e', '-f', join(root, 'sshd_config'), '-o', 'ListenAddress=127.0.0.1', '-p', String(port)],
      /listening on/,
    );
  });

  const url = () =>
    `ssh://${userInfo().username}@pinned.invalid:${port}${join(root, 'remotes', 'app').replaceAll(' ', '%20')}`;
  const resolveHost = async () => ['127.0.0.1'];

  it('is fetched with the configured key from the address that was judged', async () => {
    const mirror = await open(url(), { resolveHost, sshKeyFile: keyFile() });
    expect((await mirror.fetch()).branches).toEqual([{ name: 'main', sha }]);
    expect(readFileSync(join(root, 'mir rors', 'known_hosts'), 'utf8')).toContain(`[pinned.invalid]:${port}`);
  });

  it('is refused without a key: the keys of the service’s own user are nobody’s', async () => {
    const mirror = await open(url(), { resolveHost });
    await expect(mirror.fetch()).rejects.toMatchObject({ code: 'repository_denied' });
  });

  it('is refused when the server shows another host key than before', async () => {
    const file = join(root, 'mir rors', 'known_hosts');
    const other = readFileSync(`${keyFile()}.pub`, 'utf8').split(' ').slice(0, 2).join(' ');
    writeFileSync(file, `[pinned.invalid]:${port} ${other}\n`);
    const mirror = await open(url(), { resolveHost, sshKeyFile: keyFile() });
    await expect(mirror.fetch()).rejects.toMatchObject({
      code: 'remote_unreachable',
      message: expect.stringContaining('host key'),
    });
  });
});
