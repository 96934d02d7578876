import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmodSync, copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What the first line of every build's RUN is. */
export const firstLine = 'bench line 1 of 20';

const dockerfile = `FROM scratch
COPY busybox /bin/busybox
COPY busybox /bin/sh
RUN for n in 1 2 3; do echo "prepared $n" >> /prepared; done
COPY change /change
RUN n=1; while [ $n -le 20 ]; do echo "bench line $n of 20"; n=$((n + 1)); done; cat /change >> /prepared
`;

const staticShells = ['/bin/busybox', '/usr/bin/busybox'];

/** No static busybox: then there is nothing to build an image of without a network. */
export class NoStaticShell extends Error {
  override readonly name = 'NoStaticShell';
}

/**
 * A repository of `count` commits that differ in one small file: of each build the first steps come from the cache,
 * a COPY and a RUN of twenty lines do not. Answers the SHAs, oldest first.
 */
export function makeBenchRepository(directory: string, count: number): string[] {
  const shell = staticShells.find((path) => existsSync(path));
  if (shell === undefined) {
    throw new NoStaticShell(
      'The benches need a static busybox. On Debian or Ubuntu: apt-get install busybox-static',
    );
  }
  mkdirSync(directory, { recursive: true });
  git(directory, 'init', '--quiet', '--initial-branch=main');
  copyFileSync(shell, join(directory, 'busybox'));
  chmodSync(join(directory, 'busybox'), 0o755);
  writeFileSync(join(directory, 'Dockerfile'), dockerfile);
  // A Dagger engine would answer what an earlier run of the bench has built from its cache.
  const run = randomUUID();
  return Array.from({ length: count }, (_, index) => {
    writeFileSync(join(directory, 'change'), `change ${index} of ${run}\n`);
    git(directory, 'add', '--all');
    git(directory, 'commit', '--quiet', '--message', `change ${index}`);
    return git(directory, 'rev-parse', 'HEAD').trim();
  });
}

function git(directory: string, ...args: string[]): string {
  const names = { GIT_AUTHOR_NAME: 'bench', GIT_COMMITTER_NAME: 'bench' };
  const addresses = { GIT_AUTHOR_EMAIL: 'bench@example.org', GIT_COMMITTER_EMAIL: 'bench@example.org' };
  const configuration = { GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null' };
  const env = { PATH: process.env['PATH'] ?? '', HOME: directory, ...names, ...addresses, ...configuration };
  return execFileSync('git', args, { cwd: directory, env, encoding: 'utf8' });
}
