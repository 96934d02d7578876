import {
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { baseEnvironment, runProgram } from '@nohands/process';

/** Where a static busybox may be; Debian's `busybox-static` puts it first. */
const busyboxPlaces = ['/bin/busybox', '/usr/bin/busybox'];

/**
 * Makes the sample git repository in `DATA_DIR/sample` unless it is there: three commits, a tag, three branches. The
 * API finds the folder at its start and offers it as a repository. A crash on the way leaves nothing.
 */
export async function prepareSampleRepository(dataDir: string): Promise<void> {
  const folder = join(dataDir, 'sample');
  if (existsSync(folder)) return;
  const temporary = `${folder}.new`;
  rmSync(temporary, { recursive: true, force: true });
  mkdirSync(temporary, { mode: 0o700 });
  await fill(new SampleHistory(temporary), busyboxPlaces.find(isStaticProgram));
  renameSync(temporary, folder);
}

async function fill(history: SampleHistory, busybox: string | undefined): Promise<void> {
  await history.begin();
  history.write('README.md', readme);
  await history.commit('Say what this is');
  if (busybox !== undefined) history.copyProgram(busybox, 'busybox');
  history.write('Dockerfile', dockerfile(busybox !== undefined, '0.25'));
  await history.commit('Build an image: twenty lines, one every quarter of a second');
  await history.git('tag', 'v1.0');
  await history.git('branch', 'faster');
  await history.git('branch', 'broken');
  await history.git('checkout', '--quiet', 'faster');
  history.write('Dockerfile', dockerfile(busybox !== undefined, '0.05'));
  await history.commit('Write the lines five times as fast');
  await history.git('checkout', '--quiet', 'broken');
  history.write(
    'Dockerfile',
    `${dockerfile(busybox !== undefined, '0.05')}${failingStep(busybox !== undefined)}`,
  );
  await history.commit('Fail at the last step');
  await history.git('checkout', '--quiet', 'main');
  // The newest commit of all, so that commit 1 of a new installation is one that builds.
  history.write('README.md', `${readme}\nThe branch \`broken\` fails on purpose: look at its log.\n`);
  await history.commit('Mention the branch that fails');
}

class SampleHistory {
  readonly #folder: string;
  #commits = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  begin(): Promise<void> {
    return this.git('init', '--quiet', '--initial-branch=main');
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.#folder, name), text);
  }

  copyProgram(from: string, name: string): void {
    copyFileSync(from, join(this.#folder, name), constants.COPYFILE_FICLONE);
  }

  async commit(message: string): Promise<void> {
    this.#commits += 1;
    await this.git('add', '--all');
    await this.git('commit', '--quiet', '--message', message);
  }

  async git(...args: string[]): Promise<void> {
    const result = await runProgram({
      command: 'git',
      args: ['-c', 'core.hooksPath=/dev/null', '-c', 'commit.gpgSign=false', ...args],
      cwd: this.#folder,
      environment: baseEnvironment(this.#identity()),
      deadlineMs: 60_000,
    });
    if (result.exitCode === 0) return;
    throw new Error(`The sample repository could not be made: git ${args[0]}: ${result.stderr.trim()}`);
  }

  #identity(): Record<string, string> {
    const when = `${Math.floor(Date.now() / 1000) - 600 + 60 * this.#commits} +0000`;
    return {
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_AUTHOR_NAME: 'NoHands',
      GIT_AUTHOR_EMAIL: 'sample@localhost',
      GIT_AUTHOR_DATE: when,
      GIT_COMMITTER_NAME: 'NoHands',
      GIT_COMMITTER_EMAIL: 'sample@localhost',
      GIT_COMMITTER_DATE: when,
    };
  }
}

const readme = `# Sample

NoHands made this repository at its first start, so that there is something to build.
Pick any commit and press Build. Remove the repository in the dashboard when you no longer need it.
`;

function dockerfile(hasBusybox: boolean, seconds: string): string {
  const shell = hasBusybox ? '/bin/busybox' : '/bin/sh';
  const sleep = hasBusybox ? '/bin/busybox sleep' : 'sleep';
  const loop = `i=1; while [ $i -le 20 ]; do echo \\"line $i of 20\\"; ${sleep} ${seconds}; i=$((i+1)); done`;
  const run = hasBusybox ? `["${shell}", "sh", "-c", "${loop}"]` : `["${shell}", "-c", "${loop}"]`;
  const base = hasBusybox ? 'FROM scratch\nCOPY busybox /bin/busybox' : 'FROM busybox:1.37';
  const command = hasBusybox ? '["/bin/busybox", "echo", "hello"]' : '["echo", "hello"]';
  return `${base}\nRUN ${run}\nCMD ${command}\n`;
}

function failingStep(hasBusybox: boolean): string {
  const script = 'echo \\"this step fails on purpose\\" >&2; exit 3';
  return hasBusybox
    ? `RUN ["/bin/busybox", "sh", "-c", "${script}"]\n`
    : `RUN ["/bin/sh", "-c", "${script}"]\n`;
}

/** True for a 64-bit ELF program without an interpreter: it runs in an empty image. */
export function isStaticProgram(path: string): boolean {
  const interpreterEntry = 3;
  const head = Buffer.alloc(4096);
  try {
    const file = openSync(path, 'r');
    readSync(file, head, 0, head.length, 0);
    closeSync(file);
  } catch {
    // Expected: there is no such file
    return false;
  }
  if (head.readUInt32BE(0) !== 0x7f454c46 || head[4] !== 2) return false;
  const start = Number(head.readBigUInt64LE(32));
  const size = head.readUInt16LE(54);
  const count = head.readUInt16LE(56);
  const types = Array.from({ length: count }, (_, i) => start + i * size)
    .filter((offset) => offset + 4 <= head.length)
    .map((offset) => head.readUInt32LE(offset));
  return types.length > 0 && !types.includes(interpreterEntry);
}
