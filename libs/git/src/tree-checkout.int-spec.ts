import { GitFixture } from '@nohands/testing';
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { GitMirror } from './git-mirror.js';
import { GitMirrors } from './git-mirrors.js';

let root: string;
let remote: GitFixture;
let mirror: GitMirror;
let directory: string;
let number = 0;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'tree-checkout-'));
});

beforeEach(async () => {
  number++;
  remote = new GitFixture(join(root, `remote-${number}`));
  directory = join(root, `out-${number}`);
  const settings = {
    mirrorsDirectory: join(root, 'mirrors'),
    allowLocal: true,
    allowPrivateAddresses: false,
  };
  mirror = await new GitMirrors(settings).open(number, { url: remote.directory, credentials: null });
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

const text = (path: string) => readFileSync(join(directory, path), 'utf8');
const mirrorDirectory = () => join(root, 'mirrors', String(number));

describe(GitMirror.prototype.checkOut.name, () => {
  it('writes the tree as committed: no .git, symlinks as symlinks, executable bits, odd names', async () => {
    const sha = remote.commit('one', {
      'src/a b/ü.txt': 'text',
      'run.sh': { executable: '#!/bin/sh\n' },
      'out.txt': { link: '/etc/passwd' },
      up: { link: '../..' },
      '--output=x': 'odd',
      binary: Buffer.from([0, 255, 10, 13, 10]),
    });
    await mirror.checkOut({ sha, directory });
    expect(readdirSync(directory).sort()).toEqual(['--output=x', 'binary', 'out.txt', 'run.sh', 'src', 'up']);
    expect(text('src/a b/ü.txt')).toBe('text');
    expect(lstatSync(join(directory, 'run.sh')).mode & 0o777).toBe(0o755);
    expect(lstatSync(join(directory, '--output=x')).mode & 0o777).toBe(0o644);
    expect(readlinkSync(join(directory, 'out.txt'))).toBe('/etc/passwd');
    expect(readlinkSync(join(directory, 'up'))).toBe('../..');
    expect(readFileSync(join(directory, 'binary'))).toEqual(Buffer.from([0, 255, 10, 13, 10]));
    expect(readdirSync(mirrorDirectory()).filter((name) => name.startsWith('checkout-'))).toEqual([]);
  });

  it('lets no attribute of the commit change a byte, leave out a file or start a program', async () => {
    const files = {
      'lf.txt': 'a\nb\n',
      'crlf.bat': 'a\r\nb\r\n',
      'id.txt': '$Id$\n',
      'left-out.txt': 'here',
      'subst.txt': '$Format:%H$\n',
      'utf16.txt': 'plain',
      'big.bin': 'pointer\n',
    };
    remote.git('config', 'core.autocrlf', 'false');
    remote.commit('files', files);
    const attributes = [
      '*.txt text eol=crlf',
      '*.bat text eol=crlf',
      'id.txt ident',
      'left-out.txt export-ignore',
      'subst.txt export-subst',
      'utf16.txt working-tree-encoding=UTF-16',
      'big.bin filter=evil diff=evil merge=evil',
      '.gitattributes export-ignore',
    ].join('\n');
    // Past the index of the fixture, which would obey the attributes itself.
    const blob = remote.gitWith({ args: ['hash-object', '-w', '--stdin'], input: attributes });
    remote.git('update-index', '--add', '--cacheinfo', `100644,${blob},.gitattributes`);
    remote.gitWith({ args: ['commit', '--quiet', '-m', 'attributes'] });
    const sha = remote.git('rev-parse', 'HEAD');
    await mirror.fetch();
    // Even a filter that somebody planted in the mirror's own configuration.
    const planted = join(root, `planted-${number}`);
    execFileSync('git', ['--git-dir', mirrorDirectory(), 'config', 'filter.evil.smudge', `touch ${planted}`]);
    execFileSync('git', ['--git-dir', mirrorDirectory(), 'config', 'filter.evil.required', 'true']);

    await mirror.checkOut({ sha, directory });
    for (const [path, content] of Object.entries(files)) expect(text(path), path).toBe(content);
    expect(text('.gitattributes')).toBe(attributes);
    expect(existsSync(planted)).toBe(false);
  });

  it('leaves submodules as empty folders and fetches nothing for them', async () => {
    remote.git('update-index', '--add', '--cacheinfo', `160000,${'1'.repeat(40)},module`);
    const config = remote.gitWith({
      args: ['hash-object', '-w', '--stdin'],
      input: '[submodule "module"]\npath = module\nurl = ext::sh -c id\n',
    });
    remote.git('update-index', '--add', '--cacheinfo', `100644,${config},.gitmodules`);
    remote.gitWith({ args: ['commit', '--quiet', '-m', 'module'] });
    await mirror.checkOut({ sha: remote.git('rev-parse', 'HEAD'), directory });
    expect(readdirSync(directory)).toEqual(['.gitmodules', 'module']);
    expect(readdirSync(join(directory, 'module'))).toEqual([]);
  });

  it.each([
    ['.git/config', '.git', 'config'],
    ['..', '..', 'x'],
  ])('refuses a tree that would write outside its folder or into %s', async (_name, folder, file) => {
    const blob = remote.gitWith({ args: ['hash-object', '-w', '--stdin'], input: 'evil' });
    const rawTree = (mode: string, name: string, sha: string) =>
      remote.gitWith({
        args: ['hash-object', '-t', 'tree', '-w', '--stdin', '--literally'],
        input: Buffer.concat([Buffer.from(`${mode} ${name}\0`), Buffer.from(sha, 'hex')]),
      });
    const tree = rawTree('40000', folder, rawTree('100644', file, blob));
    const sha = remote.git('commit-tree', tree, '-m', 'evil');
    remote.git('branch', 'evil', sha);
    await expect(mirror.checkOut({ sha, directory })).rejects.toMatchObject({ name: 'GitError' });
    expect(existsSync(directory)).toBe(false);
    expect(existsSync(join(root, file))).toBe(false);
  });

  it('does not write through a symlink of the same tree', async () => {
    const target = join(root, `target-${number}`);
    mkdirSync(target);
    const link = remote.gitWith({ args: ['hash-object', '-w', '--stdin'], input: target });
    const blob = remote.gitWith({ args: ['hash-object', '-w', '--stdin'], input: 'evil' });
    const entry = (mode: string, name: string, sha: string) =>
      Buffer.concat([Buffer.from(`${mode} ${name}\0`), Buffer.from(sha, 'hex')]);
    const write = (...entries: Buffer[]) =>
      remote.gitWith({
        args: ['hash-object', '-t', 'tree', '-w', '--stdin', '--literally'],
        input: Buffer.concat(entries),
      });
    const tree = write(entry('120000', 'a', link), entry('40000', 'a', write(entry('100644', 'evil', blob))));
    const sha = remote.git('commit-tree', tree, '-m', 'evil');
    remote.git('branch', 'evil', sha);
    await mirror.checkOut({ sha, directory }).catch(() => undefined); // refused or harmless: both are right
    expect(readdirSync(target)).toEqual([]);
  });

  it('refuses a folder that is there, an unknown commit, and leaves nothing after an abort', async () => {
    const sha = remote.commit('one', { a: 'a' });
    mkdirSync(directory);
    await expect(mirror.checkOut({ sha, directory })).rejects.toMatchObject({ code: 'EEXIST' });
    expect(existsSync(directory)).toBe(true);
    rmSync(directory, { recursive: true });
    await expect(mirror.checkOut({ sha: '2'.repeat(40), directory })).rejects.toMatchObject({
      code: 'commit_not_found',
    });
    await expect(
      mirror.checkOut({ sha, directory, signal: AbortSignal.abort(new Error('enough')) }),
    ).rejects.toThrow('enough');
    expect(existsSync(directory)).toBe(false);
  });
});
