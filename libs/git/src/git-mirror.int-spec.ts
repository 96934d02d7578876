import { parseRefText, type RefText } from '@nohands/domain';
import { GitFixture, GitServer } from '@nohands/testing';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { GitCommit } from './commit-log.js';
import { GitMirror } from './git-mirror.js';
import { GitMirrors } from './git-mirrors.js';
import type { GitSettings } from './git-settings.js';

let root: string;
let server: GitServer;
let number = 0;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'git-mirror-'));
  server = await GitServer.start({ root: join(root, 'remotes') });
});

afterAll(async () => {
  await server.stop();
  rmSync(root, { recursive: true, force: true });
});

function settings(extra: Partial<GitSettings> = {}): GitSettings {
  return { mirrorsDirectory: join(root, 'mirrors'), allowLocal: true, allowPrivateAddresses: true, ...extra };
}

function ref(text: string): RefText {
  const result = parseRefText(text);
  if (!result.ok) throw new Error(result.reason);
  return result.ref;
}

async function collect(commits: AsyncGenerator<GitCommit>): Promise<GitCommit[]> {
  const all: GitCommit[] = [];
  for await (const commit of commits) all.push(commit);
  return all;
}

describe.each(['http', 'local'] as const)(`${GitMirror.name} of a remote by %s`, (way) => {
  let remote: GitFixture;
  let mirror: GitMirror;
  let id: number;

  beforeEach(async () => {
    id = ++number;
    remote = new GitFixture(join(root, 'remotes', `r${id}`));
    const url = way === 'http' ? server.url(`r${id}`) : remote.directory;
    mirror = await new GitMirrors(settings()).open(id, { url, credentials: null });
  });

  it('lists branches, tags and the default branch, tags peeled to commits', async () => {
    const first = remote.commit('one', { 'a.txt': 'a' });
    remote.git('branch', 'release/1.0');
    remote.git('tag', 'light');
    remote.git('tag', '-a', 'heavy', '-m', 'a tag');
    remote.git('tag', '-a', 'nested', '-m', 'a tag of a tag', 'heavy');
    remote.git('tag', 'blob', remote.git('rev-parse', 'HEAD:a.txt'));
    remote.git('checkout', '--quiet', '-b', 'trunk');
    const second = remote.commit('two');

    expect(await mirror.refs()).toEqual({ defaultBranch: null, branches: [], tags: [] });
    const refs = await mirror.fetch();
    expect(refs).toEqual({
      defaultBranch: 'trunk',
      branches: [
        { name: 'main', sha: first },
        { name: 'release/1.0', sha: first },
        { name: 'trunk', sha: second },
      ],
      tags: ['heavy', 'light', 'nested'].map((name) => ({ name, sha: first })),
    });
    expect(await mirror.refs()).toEqual(refs);
    expect(await mirror.fetch()).toEqual(refs);
  });

  it('takes an empty repository, and its first commit later', async () => {
    expect(await mirror.fetch()).toEqual({ defaultBranch: null, branches: [], tags: [] });
    const sha = remote.commit('one');
    expect(await mirror.fetch()).toMatchObject({ defaultBranch: 'main', branches: [{ name: 'main', sha }] });
  });

  it('follows a force-push, a deleted branch and a folder in its place, and keeps the old commits', async () => {
    const base = remote.commit('base');
    const old = remote.commit('old');
    remote.git('branch', 'gone');
    remote.git('checkout', '--quiet', 'gone');
    const lost = remote.commit('lost');
    remote.git('checkout', '--quiet', 'main');
    await mirror.fetch();

    remote.git('branch', '-D', 'gone');
    remote.git('branch', 'gone/deeper', base);
    remote.git('reset', '--quiet', '--hard', base);
    const forced = remote.commit('forced');
    remote.git('reflog', 'expire', '--expire=now', '--all');
    remote.git('gc', '--quiet', '--prune=now');

    expect((await mirror.fetch()).branches).toEqual([
      { name: 'gone/deeper', sha: base },
      { name: 'main', sha: forced },
    ]);
    await mirror.tidy();
    expect((await mirror.readCommit(lost)).message).toBe('lost');
    expect((await mirror.readCommit(old)).message).toBe('old');
  });

  it('walks only what is new, in either order, and minds neither unknown heads nor an early end', async () => {
    const first = remote.commit('one');
    const second = remote.commit('two');
    await mirror.fetch();
    const third = remote.commit('three');
    remote.git('checkout', '--quiet', '-b', 'side', first);
    const side = remote.commit('side');
    remote.git('checkout', '--quiet', 'main');
    remote.git('merge', '--quiet', '--no-edit', 'side');
    const merge = remote.git('rev-parse', 'HEAD');
    await mirror.fetch();

    const known = [second, 'f'.repeat(40)];
    const all = await collect(mirror.walkCommits({ from: [merge, side], known, order: 'parents_first' }));
    const order = all.map(({ sha }) => sha);
    expect(new Set(order)).toEqual(new Set([third, side, merge]));
    expect(order.at(-1)).toBe(merge);
    expect(all.at(-1)?.parents).toEqual([third, side]);
    const newest = await collect(mirror.walkCommits({ from: [merge], limit: 1 }));
    expect(newest.map(({ sha }) => sha)).toEqual([merge]);
    expect(await collect(mirror.walkCommits({ from: [] }))).toEqual([]);
    await expect(collect(mirror.walkCommits({ from: ['f'.repeat(40)] }))).rejects.toMatchObject({
      code: 'mirror_damaged',
    });
    for await (const commit of mirror.walkCommits({ from: [merge] })) {
      expect(commit.sha).toBe(merge);
      break;
    }
    expect((await mirror.readLog({ sha: merge, skip: 1, limit: 2 })).length).toBe(2);
  });

  it('reads one commit with all its data, whatever bytes are in it', async () => {
    remote.commit('one');
    const tree = remote.git('rev-parse', 'HEAD^{tree}');
    const raw = (text: string, bytes: Buffer) =>
      remote.gitWith({
        args: ['hash-object', '-t', 'commit', '-w', '--stdin', '--literally'],
        input: Buffer.concat([Buffer.from(`tree ${tree}\n${text}`), bytes]),
      });
    const invalid = raw(
      'author Bad \xff <bad@x> 99999999999999999 +0000\ncommitter C <c@x> 100 +0000\n\n',
      Buffer.from([0x66, 0xff, 0xfe, 0x6f, 0x0a]),
    );
    const latin = raw(
      'author A <a@x> 1 +0000\ncommitter C <c@x> 100 +0000\nencoding ISO-8859-1\n\n',
      Buffer.from([0x67, 0x72, 0xfc, 0x6e, 0x0a]),
    );
    remote.git('branch', 'invalid', invalid);
    remote.git('branch', 'latin', latin);
    await mirror.fetch();

    expect(await mirror.readCommit(remote.git('rev-parse', 'main'))).toEqual({
      sha: remote.git('rev-parse', 'main'),
      treeSha: tree,
      parents: [],
      author: 'Ada Author',
      authorEmail: 'ada@example.org',
      authoredAt: new Date(1_700_000_060_000),
      committer: 'Carl Committer',
      committerEmail: 'carl@example.org',
      committedAt: new Date(1_700_000_060_000),
      message: 'one',
    });
    const read = await mirror.readCommit(invalid);
    expect(read.message).toBe('f\ufffd\ufffdo');
    expect(read.committedAt).toEqual(new Date(100_000));
    expect(read.authoredAt.getTime()).toBeLessThanOrEqual(253_402_300_799_000);
    expect((await mirror.readCommit(latin)).message).toBe('grün');
  });

  it('keeps only the beginning of a huge message', async () => {
    const sha = remote.commit('x'.repeat(300_000));
    const next = remote.commit('after');
    await mirror.fetch();
    const commits = await collect(mirror.walkCommits({ from: [next] }));
    expect(commits.map(({ message }) => message.length)).toEqual([5, 65_536]);
    expect(commits[1]?.sha).toBe(sha);
  });

  it('takes branch names that look like options, commands or expressions', async () => {
    const sha = remote.commit('one');
    const names = [
      '--output=x',
      '-u',
      ';id',
      '$(id)',
      '`id`',
      'größe/ärger',
      '日本',
      'a\'b"c',
      'a&b|c',
      'HEAD',
      '%00',
      'refs/heads/x',
    ];
    const stdin = names.map((name) => `create refs/heads/${name}\0${sha}\0`).join('');
    remote.gitWith({ args: ['update-ref', '--stdin', '-z'], input: stdin });
    const { branches } = await mirror.fetch();
    expect(new Set(branches.map(({ name }) => name))).toEqual(new Set(['main', ...names]));
    for (const name of names.filter((name) => name !== 'HEAD' && !name.startsWith('refs/'))) {
      expect(await mirror.resolveRef(ref(name))).toEqual({ kind: 'branch', name, sha, isStale: false });
    }
  });

  it('leaves out names that are not UTF-8', async () => {
    const sha = remote.commit('one');
    const input = Buffer.concat([
      Buffer.from('create refs/heads/bad-'),
      Buffer.from([0xff, 0]),
      Buffer.from(`${sha}\0`),
    ]);
    remote.gitWith({ args: ['update-ref', '--stdin', '-z'], input });
    expect((await mirror.fetch()).branches).toEqual([{ name: 'main', sha }]);
    expect((await mirror.fetch()).branches).toEqual([{ name: 'main', sha }]);
  });

  it('resolves a branch, a tag, a SHA and a unique prefix at the remote, and has the commit then', async () => {
    const first = remote.commit('one');
    remote.git('tag', '-a', 'v1', '-m', 'one');
    remote.git('tag', 'main', first);
    await mirror.fetch();
    const second = remote.commit('two');
    expect(await mirror.resolveRef(ref('main'))).toEqual({
      kind: 'branch',
      name: 'main',
      sha: second,
      isStale: false,
    });
    expect((await mirror.readCommit(second)).message).toBe('two');
    expect(await mirror.resolveRef(ref('refs/tags/main'))).toMatchObject({
      kind: 'tag',
      name: 'main',
      sha: first,
    });
    expect(await mirror.resolveRef(ref('v1'))).toMatchObject({ kind: 'tag', name: 'v1', sha: first });
    expect(await mirror.resolveRef(ref('HEAD'))).toMatchObject({ kind: 'branch', name: 'main', sha: second });
    expect(await mirror.resolveRef(ref(first))).toMatchObject({ kind: 'commit', name: null, sha: first });
    expect(await mirror.resolveRef(ref(first.slice(0, 8)))).toMatchObject({ kind: 'commit', sha: first });
    await expect(mirror.resolveRef(ref('nothing'))).rejects.toMatchObject({ code: 'ref_not_found' });
    await expect(mirror.resolveRef(ref('refs/heads/v1'))).rejects.toMatchObject({ code: 'ref_not_found' });
    await expect(mirror.resolveRef(ref('0000000'))).rejects.toMatchObject({ code: 'ref_not_found' });
  });

  it('fetches a full SHA that no branch reaches, and says so when the remote has none', async () => {
    remote.commit('one');
    await mirror.fetch();
    const hidden = remote.commit('hidden');
    remote.git('reset', '--quiet', '--hard', 'HEAD~1');
    expect(await mirror.resolveRef(ref(hidden))).toMatchObject({ sha: hidden });
    expect((await mirror.readCommit(hidden)).message).toBe('hidden');
    await expect(mirror.ensureCommit('1'.repeat(40))).rejects.toMatchObject({ code: 'commit_not_found' });
    await expect(mirror.ensureCommit('--help')).rejects.toMatchObject({ code: 'commit_not_found' });
    const tree = remote.git('rev-parse', 'HEAD^{tree}');
    await expect(mirror.ensureCommit(tree)).rejects.toMatchObject({ code: 'commit_not_found' });
    expect(await mirror.fetch()).toMatchObject({ branches: [{ name: 'main' }] });
  });

  it('brings a first commit by SHA into a mirror that was never fetched', async () => {
    const sha = remote.commit('one', { a: 'b' });
    expect((await mirror.readFile({ sha, path: 'a', maxBytes: 10 })).bytes.toString()).toBe('b');
  });

  it('reads directories and files without following anything', async () => {
    const sha = remote.commit('one', {
      'a b/ü.txt': 'text',
      'a b/run.sh': { executable: '#!/bin/sh\n' },
      link: { link: '/etc/passwd' },
      ':(top)x': 'odd',
      '*': 'star',
    });
    const names = (entries: readonly { name: string }[]) => entries.map(({ name }) => name);
    expect(names(await mirror.readTree({ sha, path: '' }))).toEqual(['*', ':(top)x', 'a b', 'link']);
    expect(await mirror.readTree({ sha, path: 'a b/' })).toMatchObject([
      { name: 'run.sh', kind: 'executable', size: 10 },
      { name: 'ü.txt', kind: 'file', size: 4 },
    ]);
    const file = (path: string, maxBytes = 1_000) => mirror.readFile({ sha, path, maxBytes });
    expect(await file('a b/ü.txt', 2)).toMatchObject({
      kind: 'file',
      size: 4,
      isTruncated: true,
      bytes: Buffer.from('te'),
    });
    expect(await file('a b/ü.txt')).toMatchObject({ isTruncated: false, bytes: Buffer.from('text') });
    expect(await file('link')).toMatchObject({ kind: 'symlink', bytes: Buffer.from('/etc/passwd') });
    expect((await file(':(top)x')).bytes.toString()).toBe('odd');
    expect((await file('*')).bytes.toString()).toBe('star');
    for (const path of [
      'nothing',
      'a b',
      '',
      '/etc/passwd',
      '../x',
      'a b/../link',
      'link/x',
      'a\0b',
      '-x',
      'new\nline',
    ]) {
      await expect(file(path), path).rejects.toMatchObject({ code: 'path_not_found' });
    }
    for (const path of ['nothing', 'link', 'a b/ü.txt', '..']) {
      await expect(mirror.readTree({ sha, path }), path).rejects.toMatchObject({ code: 'path_not_found' });
    }
  });

  it('serialises fetches of several callers and leaves nothing but the mirror', async () => {
    const sha = remote.commit('one');
    const other = await new GitMirrors(settings()).open(id, {
      url: way === 'http' ? server.url(`r${id}`) : remote.directory,
      credentials: null,
    });
    const all = await Promise.all([mirror.fetch(), other.fetch(), mirror.fetch()]);
    for (const refs of all) expect(refs.branches).toEqual([{ name: 'main', sha }]);
    expect(readdirSync(join(root, 'mirrors')).filter((name) => name.startsWith(`${id}.`))).toEqual([
      `${id}.lock`,
    ]);
    await mirror.remove();
    expect(await mirror.refs()).toMatchObject({ branches: [] });
  });
});

describe(GitMirrors.name, () => {
  afterEach(() => {
    server.misbehaviour = null;
  });

  it('says which git there is', async () => {
    expect(await new GitMirrors(settings()).probe()).toMatchObject({
      ready: true,
      version: expect.stringMatching(/^\d+\.\d+/),
    });
  });

  it('asks the remote once and starts no transfer when nothing changed', async () => {
    const id = ++number;
    const remote = new GitFixture(join(root, 'remotes', `r${id}`));
    remote.commit('one');
    const mirror = await new GitMirrors(settings()).open(id, {
      url: server.url(`r${id}`),
      credentials: null,
    });
    await mirror.fetch();
    const before = server.seen.length;
    await mirror.fetch();
    expect(server.seen.slice(before).map(({ method }) => method)).toEqual(['GET', 'POST']);
  });

  it('answers from the mirror, marked as stale, only when asked to', async () => {
    const id = ++number;
    const remote = new GitFixture(join(root, 'remotes', `r${id}`));
    const sha = remote.commit('one');
    const mirror = await new GitMirrors(settings()).open(id, {
      url: server.url(`r${id}`),
      credentials: null,
    });
    await mirror.fetch();
    server.misbehaviour = { kind: 'status', status: 503 };
    await expect(mirror.resolveRef(ref('main'))).rejects.toMatchObject({ code: 'remote_unreachable' });
    expect(await mirror.resolveRef(ref('main'), { allowStale: true })).toEqual({
      kind: 'branch',
      name: 'main',
      sha,
      isStale: true,
    });
    expect(await mirror.resolveRef(ref(sha))).toMatchObject({ sha });
  });
});
