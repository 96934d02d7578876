import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readDockerfile } from './dockerfile-source.js';

let folder = '';
let context = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'nohands-dockerfile-'));
  context = join(folder, 'context');
  mkdirSync(join(context, 'sub'), { recursive: true });
  writeFileSync(join(folder, 'outside'), 'FROM outside');
  mkdirSync(join(folder, 'context-twin'));
  writeFileSync(join(folder, 'context-twin', 'Dockerfile'), 'FROM twin');
  writeFileSync(join(context, 'Dockerfile'), 'FROM scratch');
  writeFileSync(join(context, 'sub', 'Dockerfile'), 'FROM sub');
  writeFileSync(join(context, 'sub', 'Dockerfile.dockerignore'), 'x');
  writeFileSync(join(context, 'huge'), Buffer.alloc(1024 * 1024 + 1));
  symlinkSync('sub/Dockerfile', join(context, 'inside-link'));
  symlinkSync('../outside', join(context, 'outside-link'));
  symlinkSync('/etc', join(context, 'outside-folder'));
  symlinkSync('../context-twin/Dockerfile', join(context, 'twin-link'));
  symlinkSync('nowhere', join(context, 'dangling'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe(readDockerfile.name, () => {
  it('reads a file of the context, also through a link that stays inside', async () => {
    const plain = await readDockerfile(context, 'Dockerfile');
    expect([plain.path, String(plain.content), plain.ignoreFile]).toEqual([
      'Dockerfile',
      'FROM scratch',
      null,
    ]);
    const sub = await readDockerfile(context, './sub/Dockerfile');
    expect(sub.ignoreFile).toBe(join(context, 'sub', 'Dockerfile.dockerignore'));
    expect(String((await readDockerfile(context, 'inside-link')).content)).toBe('FROM sub');
  });

  const unsafe = [
    '',
    'a\0b',
    '../../etc/passwd',
    '/etc/passwd',
    'sub/../../outside',
    'outside-link',
    'outside-folder/passwd',
    'twin-link',
  ];
  for (const path of unsafe) {
    it(`refuses ${path}`, async () => {
      await expect(readDockerfile(context, path)).rejects.toMatchObject({ code: 'unsafe_path' });
    });
  }

  for (const path of ['missing', 'sub', 'dangling', 'Dockerfile/x']) {
    it(`says that ${JSON.stringify(path)} is no file`, async () => {
      await expect(readDockerfile(context, path)).rejects.toMatchObject({ code: 'dockerfile_not_found' });
    });
  }

  it('refuses a file larger than 1 MiB', async () => {
    await expect(readDockerfile(context, 'huge')).rejects.toMatchObject({ code: 'dockerfile_invalid' });
  });
});
