import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { baseEnvironment, runProgram, startProgram } from '@nohands/process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { prepareBuildUser, type BuildUser } from './build-user.js';
import { selfTestIsolation } from './isolation-self-test.js';
import { plantLoopbackTrap } from './loopback-trap.js';
import { probeComplete, probeScript } from './self-test-probe.js';

let directory = '';
let user: BuildUser;
const registries = { insecureRegistries: [], mirrors: [] };

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'nohands-isolation-'));
  user = await prepareBuildUser();
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe(selfTestIsolation.name, () => {
  const base = { registries, recordDirectory: undefined, version: '1.28.2' };

  it('finds nothing where builds are rootless in a file tree of their own', async () => {
    expect(await selfTestIsolation({ run: { ...base, user, isolation: 'rootless' }, directory })).toBeNull();
    expect(readdirSync(directory)).toEqual([]);
  });

  it('finds the loopback services that chroot isolation gives to a RUN', async () => {
    const finding = await selfTestIsolation({ run: { ...base, user, isolation: 'chroot' }, directory });
    expect(finding).toMatchObject({ code: 'engine_unsafe' });
    expect(finding?.reason).toContain('loopback');
  });
});

/** The walls of chroot isolation as root, without anything else: what the probe must be able to see through. */
const noWalls = `set -eu
root=$1
mkdir -p "$root/proc" "$root/dev" "$root/mnt/host"
mount --bind /proc "$root/proc"
mount --rbind /dev "$root/dev"
mount --bind / "$root/mnt/host"
exec chroot "$root" /bin/sh /self-test/probe.sh
`;

describe('the probe of the self-test', () => {
  it('finds processes, files by every way, devices and loopback services where there are no walls', async () => {
    const token = '9123456789012';
    const root = join(directory, 'no-walls');
    const trap = await plantLoopbackTrap(token);
    mkdirSync(join(root, 'self-test'), { recursive: true });
    mkdirSync(join(root, 'bin'));
    copyFileSync('/bin/busybox', join(root, 'bin', 'sh'));
    const sentinel = join(directory, 'sentinel');
    const files = { token, files: sentinel, port: String(trap.port), 'probe.sh': probeScript };
    for (const [name, content] of Object.entries(files))
      writeFileSync(join(root, 'self-test', name), `${content}\n`);
    writeFileSync(sentinel, 'x');
    const environment = baseEnvironment();
    const program = startProgram({ command: 'sleep', args: [token], environment });
    const args = ['--mount', '--propagation', 'private', '--', 'sh', '-c', noWalls, 'no-walls', root];
    const result = await runProgram({ command: 'unshare', args, environment });
    await program.stop();
    await trap.close();
    const found = new Set(result.stdout.toString().trim().split('\n'));
    const expected = ['process', 'file-by-escape', 'file-by-mount', 'file-by-process', 'device'];
    expect([...found].sort()).toEqual(
      [...expected.map((finding) => `found ${finding}`), probeComplete].sort(),
    );
    expect(trap.wasReached()).toBe(true);
  });
});
