import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { buildUserName, findBuildUser, prepareBuildUser } from './build-user.js';

describe(prepareBuildUser.name, () => {
  it('makes an unprivileged user with id ranges of its own, and changes nothing the second time', async () => {
    const first = await prepareBuildUser();
    const before = ['/etc/passwd', '/etc/subuid', '/etc/subgid'].map((file) => readFileSync(file, 'utf8'));
    expect(await prepareBuildUser()).toEqual(first);
    expect(['/etc/passwd', '/etc/subuid', '/etc/subgid'].map((file) => readFileSync(file, 'utf8'))).toEqual(
      before,
    );
    expect(first.name).toBe(buildUserName);
    expect(first.uid).toBeGreaterThan(0);
    expect(first.subordinateUids.count).toBeGreaterThanOrEqual(65_536);
    expect(await findBuildUser()).toEqual(first);
  });

  it('knows that a user is missing', async () => {
    expect(await findBuildUser('nohands-nobody-made-this')).toBeNull();
  });
});
