import { readFileSync } from 'node:fs';
import { baseEnvironment, runProgram } from '@nohands/process';
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

  it('makes one user where two processes ask at once, and ranges that belong to nobody else', async () => {
    const name = `nohands-test-${process.pid}`;
    try {
      const [one, two] = await Promise.all([prepareBuildUser(name), prepareBuildUser(name)]);
      expect(one).toEqual(two);
      const others = (await findBuildUser())?.subordinateUids;
      const start = one?.subordinateUids.start ?? 0;
      expect(others && (start >= others.start + others.count || start + 65_536 <= others.start)).toBe(true);
    } finally {
      await runProgram({ command: 'userdel', args: ['--', name], environment: baseEnvironment() });
    }
  });

  it('knows that a user is missing', async () => {
    expect(await findBuildUser('nohands-nobody-made-this')).toBeNull();
  });
});
