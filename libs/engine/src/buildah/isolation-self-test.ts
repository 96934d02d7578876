import { randomInt } from 'node:crypto';
import { chmod, copyFile, mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BuildError } from '@nohands/domain';
import { baseEnvironment, findProgram, startProgram } from '@nohands/process';
import type { BuildRequest, BuildSink } from '../build-engine.js';
import { removeTree } from './build-root.js';
import { BuildahRun, type BuildahRunOptions } from './buildah-run.js';
import { plantLoopbackTrap } from './loopback-trap.js';
import {
  probeComplete,
  probeDockerfile,
  probeFindings,
  probeScript,
  type ProbeFinding,
} from './self-test-probe.js';

/** Why builds must not run here: what a RUN can reach, or why the self-test itself could not be done. */
export type SelfTestFinding = {
  readonly code: 'engine_unsafe' | 'engine_unavailable';
  readonly reason: string;
};

export type SelfTestOptions = {
  readonly run: Omit<BuildahRunOptions, 'storage' | 'lock'>;
  /** Absolute: the self-test works in a folder of its own in here, and plants a file here. */
  readonly directory: string;
};

const deadlineMs = 60_000;
const staleMs = 3_600_000;
const folderPrefix = 'self-test-';
const sentinelPrefix = 'nohands-sentinel-';

/**
 * Really builds a Dockerfile that looks for the host: its processes, files (by break-out from a chroot and by a
 * symlinked bind mount too), devices, and services on loopback. Resolves with null when it found nothing.
 */
export async function selfTestIsolation(options: SelfTestOptions): Promise<SelfTestFinding | null> {
  const busybox = findProgram('busybox', baseEnvironment()['PATH'] ?? '');
  if (busybox === null) {
    return {
      code: 'engine_unavailable',
      reason: 'Builds are off: the self-test needs busybox: apt-get install busybox-static',
    };
  }
  await removeStale(options);
  const folder = await mkdtemp(join(options.directory, folderPrefix));
  try {
    return await runSelfTest(options, folder, busybox);
  } finally {
    await removeTree(options.run.user, folder);
  }
}

async function runSelfTest(
  options: SelfTestOptions,
  folder: string,
  busybox: string,
): Promise<SelfTestFinding | null> {
  const token = `0.000${randomInt(2 ** 40, 2 ** 47)}`;
  const trap = await plantLoopbackTrap(token);
  const outside = await mkdtemp(join(tmpdir(), sentinelPrefix));
  // A host process that a RUN can tell from its own: `sleep` adds its arguments up. It dies with this process.
  const args = [String(deadlineMs / 1000), token];
  const environment = baseEnvironment();
  const program = startProgram({ command: 'sleep', args, environment, tied: { endSignal: 'SIGKILL' } });
  try {
    const files = [
      await plantFile(outside, token),
      await plantFile(folder, token),
      join(process.cwd(), 'package.json'),
    ];
    const request = await writeContext(folder, { token, files, port: trap.port, busybox });
    const output = await buildProbe(options, folder, request);
    return judge(output, trap.wasReached());
  } finally {
    await program.stop();
    await trap.close();
    await rm(outside, { recursive: true, force: true });
  }
}

type Planted = {
  readonly token: string;
  readonly files: readonly string[];
  readonly port: number;
  readonly busybox: string;
};

async function writeContext(folder: string, planted: Planted): Promise<BuildRequest> {
  const context = join(folder, 'context');
  for (const name of ['context/self-test', 'context/trap', 'work'])
    await mkdir(join(folder, name), { recursive: true });
  const selfTest = join(context, 'self-test');
  await copyFile(planted.busybox, join(context, 'busybox'));
  await symlink('/', join(context, 'trap', 'host'));
  await writeFile(join(context, 'Dockerfile'), probeDockerfile);
  await writeFile(join(selfTest, 'probe.sh'), probeScript);
  await writeFile(join(selfTest, 'token'), `${planted.token}\n`);
  await writeFile(
    join(selfTest, 'files'),
    planted.files
      .filter((file) => existsSync(file))
      .map((file) => `${file}\n`)
      .join(''),
  );
  await writeFile(join(selfTest, 'port'), `${planted.port}\n`);
  return {
    ...{
      buildId: 0,
      attempt: 1,
      repositoryId: 0,
      contextDirectory: context,
      dockerfilePath: 'Dockerfile',
      target: null,
    },
    ...{ buildArguments: {}, labels: {}, pullCredentials: [] },
    ...{ layoutDirectory: join(folder, 'layout'), workDirectory: join(folder, 'work') },
  };
}

async function buildProbe(options: SelfTestOptions, folder: string, request: BuildRequest): Promise<string> {
  let output = '';
  const sink: BuildSink = {
    stepStarted: () => undefined,
    stepEnded: () => undefined,
    output: (_step, _stream, bytes) => {
      output += Buffer.from(bytes).toString('utf8');
    },
  };
  const run = { ...options.run, storage: join(folder, 'storage'), lock: join(folder, 'lock') };
  try {
    await new BuildahRun(run, request, sink, AbortSignal.timeout(deadlineMs)).run();
  } catch (error) {
    const lastLine = error instanceof BuildError ? error.detail?.split('\n').at(-1) : undefined;
    throw new SelfTestFailed(lastLine ?? String(error), { cause: error });
  }
  return output;
}

/** The self-test's own build did not work; the message holds buildah's last words. */
export class SelfTestFailed extends Error {
  override readonly name = 'SelfTestFailed';
}

function judge(output: string, isLoopbackReached: boolean): SelfTestFinding | null {
  const lines = new Set(output.split('\n'));
  const found: ProbeFinding[] = probeFindings.filter((finding) => lines.has(`found ${finding}`));
  if (isLoopbackReached) found.push('service');
  if (found.length > 0) return { code: 'engine_unsafe', reason: unsafeReason(found) };
  if (lines.has(probeComplete)) return null;
  throw new SelfTestFailed('The probe did not run to its end.');
}

const inWords: Record<ProbeFinding, string> = {
  process: 'processes of this machine',
  file: 'files of this machine',
  'file-by-escape': 'files of this machine (by breaking out of a chroot)',
  'file-by-mount': 'files of this machine (by a linked bind mount)',
  'file-by-process': 'files of this machine (by /proc)',
  device: 'devices of this machine',
  service: 'services on this machine’s loopback address',
};

function unsafeReason(found: readonly ProbeFinding[]): string {
  const what = found.map((finding) => inWords[finding]).join(', ');
  return `Builds are off: the self-test shows that a RUN could reach ${what}. Use a Dagger engine (DAGGER_ENGINE_HOSTS), or build on a machine where Buildah runs rootless with runc and slirp4netns.`;
}

async function plantFile(directory: string, token: string): Promise<string> {
  const file = join(directory, `sentinel-${token}`);
  await writeFile(file, token);
  // Readable by anybody: it must be out of reach, not merely forbidden.
  await chmod(file, 0o644);
  await chmod(directory, 0o755);
  return file;
}

/** What self-tests left that were killed. */
async function removeStale(options: SelfTestOptions): Promise<void> {
  const places = [
    { directory: options.directory, prefix: folderPrefix },
    { directory: tmpdir(), prefix: sentinelPrefix },
  ];
  for (const { directory, prefix } of places) {
    for (const name of await readdir(directory)) {
      if (!name.startsWith(prefix)) continue;
      const folder = join(directory, name);
      const changed = (await stat(folder).catch(() => null))?.mtimeMs ?? Date.now();
      if (Date.now() - changed > staleMs) await removeTree(options.run.user, folder);
    }
  }
}
