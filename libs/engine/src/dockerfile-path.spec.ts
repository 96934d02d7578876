import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findDockerfile } from './dockerfile-path.js';

describe(findDockerfile.name, () => {
  let folder: string;
  let context: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nohands-dockerfile-'));
    context = join(folder, 'context');
    await mkdir(join(context, 'docker'), { recursive: true });
    await mkdir(join(folder, 'context-secret'));
    await writeFile(join(folder, 'context-secret', 'outside'), 'host secret');
    await writeFile(join(context, 'Dockerfile'), 'FROM scratch\n');
    await writeFile(join(context, 'docker', 'web..Dockerfile'), 'FROM scratch\n');
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('finds a file in the context, also through a symlink that stays inside', async () => {
    await symlink('../Dockerfile', join(context, 'docker', 'link'));
    expect(await findDockerfile(context, 'Dockerfile')).toBe(join(context, 'Dockerfile'));
    expect(await findDockerfile(context, './docker/web..Dockerfile')).toBe(
      join(context, 'docker/web..Dockerfile'),
    );
    expect(await findDockerfile(context, 'docker/link')).toBe(join(context, 'Dockerfile'));
  });

  it.each([
    '../context-secret/outside',
    '/etc/passwd',
    '../../etc/passwd',
    'docker/../../x',
    'a\0b',
    '..\\x',
  ])('refuses %j as unsafe', async (path) => {
    await expect(findDockerfile(context, path)).rejects.toMatchObject({ code: 'unsafe_path' });
  });

  it('refuses symlinks that lead out, of the file and of a folder, and says nothing of the host', async () => {
    await symlink(join(folder, 'context-secret', 'outside'), join(context, 'absolute'));
    await symlink('../context-secret', join(context, 'directory'));
    for (const path of ['absolute', 'directory/outside']) {
      const error = await findDockerfile(context, path).catch((caught: unknown) => caught as Error);
      expect(error).toMatchObject({ code: 'unsafe_path' });
      expect(String(error)).not.toContain(folder);
    }
  });

  it('tells a missing file, a dangling symlink and a folder alike', async () => {
    await symlink('nowhere', join(context, 'dangling'));
    for (const path of ['nope/Dockerfile', 'dangling', 'docker', 'Dockerfile/x']) {
      await expect(findDockerfile(context, path)).rejects.toMatchObject({ code: 'dockerfile_not_found' });
    }
    for (const path of ['', '.']) {
      await expect(findDockerfile(context, path)).rejects.toMatchObject({ code: 'unsafe_path' });
    }
  });
});
