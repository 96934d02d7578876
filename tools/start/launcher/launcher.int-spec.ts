import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const here = import.meta.dirname;

/** Runs a piece of the launcher as the launcher does: a process of its own, with only this environment. */
async function runPiece(
  code: string,
  environment: Record<string, string>,
): Promise<{ code: number; out: string }> {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', code], {
    env: environment,
    cwd: here,
  });
  let out = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (out += text));
  const [exitCode] = (await once(child, 'close')) as [number];
  return { code: exitCode, out };
}

const piece = (file: string): string => JSON.stringify(join(here, file));

describe('the launcher', () => {
  let root: string;
  let bin: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'nohands-launcher-'));
    bin = join(root, 'bin');
    mkdirSync(bin);
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  function write(path: string, text: string): void {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }

  /** A program that notes its arguments, then does what the script says. */
  function program(name: string, script = ''): void {
    writeFileSync(join(bin, name), `#!/bin/sh\necho "$0 $*" >> '${root}/calls'\n${script}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  const calls = (): string[] =>
    existsSync(join(root, 'calls'))
      ? readFileSync(join(root, 'calls'), 'utf8').trim().replaceAll(`${bin}/`, '').split('\n')
      : [];

  describe('installing', () => {
    const install = (): Promise<{ code: number; out: string }> =>
      runPiece(
        `const { installIfNeeded } = await import(${piece('install.mjs')}); await installIfNeeded(${JSON.stringify(root)});`,
        { PATH: `${bin}:/usr/bin:/bin` },
      );
    const lock = (version: string): string =>
      JSON.stringify({
        packages: {
          '': { name: 'x' },
          'node_modules/a': { version, integrity: `sha512-${version}` },
          'node_modules/other-platform': { version: '1.0.0', optional: true },
        },
      });
    beforeEach(() => {
      write('package-lock.json', lock('1.0.0'));
      write(`node_modules/node-linux-${process.arch}/bin/node`, '');
      program('npm', `cp package-lock.json node_modules/.package-lock.json`);
    });

    it('installs once, and again when the lock file changed', async () => {
      expect(await install()).toMatchObject({ code: 0 });
      expect(await install()).toEqual({ code: 0, out: '' });
      expect(calls()).toEqual(['npm ci --no-audit --no-fund']);
      write('package-lock.json', lock('1.0.1'));
      expect((await install()).out).toMatch(/Installed in/);
      expect(calls()).toHaveLength(2);
    });

    it('installs again after an installation that was cut off', async () => {
      await install();
      rmSync(join(root, 'node_modules', '.package-lock.json'));
      await install();
      expect(calls()).toHaveLength(2);
    });

    it("shows npm's last words when it fails", async () => {
      program('npm', 'echo "EUSAGE the lock file is out of step" >&2; exit 1');
      expect(await install()).toMatchObject({
        code: 1,
        out: expect.stringContaining('EUSAGE the lock file') as string,
      });
    });
  });

  describe('offering an engine', () => {
    const offer = (environment: Record<string, string>): Promise<{ code: number; out: string }> =>
      runPiece(
        `const { offerEngine } = await import(${piece('engine.mjs')}); await offerEngine(${JSON.stringify(root)});`,
        {
          PATH: bin,
          ...environment,
        },
      );
    const line =
      'apt-get install -y --no-install-recommends buildah skopeo runc uidmap slirp4netns busybox-static';

    it('says the line that helps where nobody can be asked', async () => {
      program('apt-get');
      expect(await offer({})).toEqual({ code: 0, out: expect.stringContaining(line) as string });
      expect(calls()).toEqual([]);
    });

    it.runIf(process.getuid?.() === 0 && existsSync('/etc/debian_version')).each([
      ['NOHANDS_INSTALL_ENGINE', 'yes'],
      ['CI', 'true'],
    ])('installs at once with %s=%s', async (name, value) => {
      program('apt-get');
      await offer({ [name]: value });
      expect(calls()).toEqual(['apt-get update -qq', line]);
    });

    it('goes on when the installation fails', async () => {
      program('apt-get', 'echo "no such package"; exit 100');
      expect(await offer({ CI: 'true' })).toEqual({
        code: 0,
        out: expect.stringContaining('no such package') as string,
      });
    });

    it('is silent where there is an engine', async () => {
      program('dagger');
      expect(await offer({ CI: 'true' })).toEqual({ code: 0, out: '' });
    });
  });

  it('prepares a clone once at a time', async () => {
    const work = `
      import { appendFileSync } from 'node:fs';
      import { setTimeout } from 'node:timers/promises';
      const { withPrepareLock } = await import(${piece('prepare-lock.mjs')});
      await withPrepareLock(${JSON.stringify(root)}, async () => {
        appendFileSync(${JSON.stringify(join(root, 'order'))}, 'in ');
        await setTimeout(100);
        appendFileSync(${JSON.stringify(join(root, 'order'))}, 'out ');
      });`;
    await Promise.all([runPiece(work, {}), runPiece(work, {}), runPiece(work, {})]);
    expect(readFileSync(join(root, 'order'), 'utf8')).toBe('in out in out in out ');
  });
});
