import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { prepareBuildUser, type BuildUser } from './build-user.js';
import { selfTestIsolation } from './isolation-self-test.js';

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
