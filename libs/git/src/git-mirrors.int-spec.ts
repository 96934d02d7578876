import { GitFixture, temporaryDirectory } from '@nohands/testing';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GitMirrors } from './git-mirrors.js';

describe(GitMirrors.name, () => {
  let folder: Awaited<ReturnType<typeof temporaryDirectory>>;
  beforeAll(async () => (folder = await temporaryDirectory()));
  afterAll(() => folder.remove());

  it('lists and removes its own mirrors, and takes nothing else for one', async () => {
    const mirrorsDirectory = join(folder.path, 'mirrors');
    const mirrors = new GitMirrors({ mirrorsDirectory, allowLocal: true, allowPrivateAddresses: false });
    expect(await mirrors.list()).toEqual([]);
    const remote = new GitFixture(join(folder.path, 'remote'));
    remote.commit('one');
    for (const id of [7, 8])
      await (await mirrors.open(id, { url: remote.directory, credentials: null })).fetch();

    // A folder beside a lock, a repository without one, a mirror that is being made, and a name that is no id.
    mkdirSync(join(mirrorsDirectory, '12'));
    writeFileSync(join(mirrorsDirectory, '12.lock'), '');
    remote.git('clone', '--quiet', '--bare', '.', join(mirrorsDirectory, '13'));
    remote.git('clone', '--quiet', '--bare', '.', join(mirrorsDirectory, '014'));
    writeFileSync(join(mirrorsDirectory, '014.lock'), '');
    mkdirSync(join(mirrorsDirectory, '7.new-1'));
    expect((await mirrors.list()).toSorted()).toEqual([7, 8]);

    await mirrors.remove(7);
    expect(await mirrors.list()).toEqual([8]);
    expect(existsSync(join(mirrorsDirectory, '7'))).toBe(false);
    expect(readdirSync(mirrorsDirectory)).toEqual(expect.arrayContaining(['8', '12', '13', '014']));
  });
});
