import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { baseEnvironment, runProgram } from '@nohands/process';

/** The unprivileged system user that builds run as; it owns nothing but build storage. */
export type BuildUser = {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  /** The ranges of user and group ids that its containers use (/etc/subuid, /etc/subgid). */
  readonly subordinateUids: IdRange;
  readonly subordinateGids: IdRange;
};
export type IdRange = { readonly start: number; readonly count: number };

/** The build user cannot be made; the message says why and what to do. */
export class BuildUserUnavailable extends Error {
  override readonly name = 'BuildUserUnavailable';
  readonly code = 'build_user_unavailable';
}

export const buildUserName = 'nohands-build';

const attempts = 10;
const retryMs = 200;
const rangeSize = 65_536;
/** Where ranges start when none is given yet: above what `useradd` gives to people, below 2^31. */
const firstRange = 1_000_000_000;

/** The build user of this machine, or null where it, or one of its id ranges, is missing. */
export async function findBuildUser(name: string = buildUserName): Promise<BuildUser | null> {
  const entry = (await readLines('/etc/passwd'))
    .map((line) => line.split(':'))
    .find(([user]) => user === name);
  const [, , uid, gid] = entry ?? [];
  if (uid === undefined || gid === undefined) return null;
  const subordinateUids = await findSubordinateRange('/etc/subuid', [name, uid]);
  const subordinateGids = await findSubordinateRange('/etc/subgid', [name, uid]);
  if (subordinateUids === null || subordinateGids === null) return null;
  return { name, uid: Number(uid), gid: Number(gid), subordinateUids, subordinateGids };
}

/**
 * Makes the build user and its id ranges where they are missing; needs root. Safe to repeat and after a death in the
 * middle. Rejects with `BuildUserUnavailable`.
 */
export async function prepareBuildUser(name: string = buildUserName): Promise<BuildUser> {
  const found = await findBuildUser(name);
  if (found !== null) return found;
  if (process.getuid?.() !== 0)
    throw new BuildUserUnavailable(`Only root can make the user "${name}". Run this as root once.`);
  let problem: unknown;
  // Another process may be doing the same: then one of the two meets a lock or finds its work done.
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    problem = await makeBuildUser(name).catch((error: unknown) => error);
    const made = await findBuildUser(name);
    if (made !== null) return made;
    await delay(retryMs);
  }
  if (problem instanceof Error) throw problem;
  throw new BuildUserUnavailable(`The user "${name}" was made but is not in /etc/passwd and /etc/subuid.`);
}

async function makeBuildUser(name: string): Promise<void> {
  if (!(await hasUser(name))) {
    const options = ['--system', '--user-group', '--no-create-home', '--home-dir', '/nonexistent'];
    await run('useradd', [...options, '--shell', '/usr/sbin/nologin', '--', name]);
  }
  await addRange(name, '/etc/subuid', '--add-subuids');
  await addRange(name, '/etc/subgid', '--add-subgids');
}

async function hasUser(name: string): Promise<boolean> {
  return (await readLines('/etc/passwd')).some((line) => line.startsWith(`${name}:`));
}

async function addRange(name: string, file: string, option: string): Promise<void> {
  const lines = await readLines(file);
  if ((await findSubordinateRange(file, [name])) !== null) return;
  const ends = lines.map((line) => line.split(':')).map(([, start, count]) => Number(start) + Number(count));
  const start = Math.max(firstRange, ...ends.filter(Number.isSafeInteger));
  await run('usermod', [option, `${start}-${start + rangeSize - 1}`, '--', name]);
}

/** The first range of 65536 ids or more that belongs to one of the owners (name or number), or null. */
export async function findSubordinateRange(file: string, owners: readonly string[]): Promise<IdRange | null> {
  for (const line of await readLines(file)) {
    const [owner = '', start, count] = line.split(':');
    if (owners.includes(owner) && Number(count) >= rangeSize)
      return { start: Number(start), count: Number(count) };
  }
  return null;
}

async function run(command: string, args: readonly string[]): Promise<void> {
  const result = await runProgram({ command, args, environment: baseEnvironment(), deadlineMs: 30_000 });
  if (result.exitCode === 0) return;
  throw new BuildUserUnavailable(`"${command}" could not prepare the build user: ${result.stderr.trim()}`);
}

async function readLines(file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    // Expected where no id range was ever given.
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}
