import { existsSync } from 'node:fs';
import { chmod, chown, copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { baseEnvironment, findProgram, runProgram, type ProgramRequest } from '@nohands/process';
import { buildRootScript } from './build-root-script.js';
import type { BuildUser } from './build-user.js';
import {
  policyJson,
  writeAuthFile,
  writeRegistriesConf,
  writeUserFiles,
  type RegistryOptions,
} from './container-files.js';
import type { PullCredential } from '../build-engine.js';

export type BuildRootOptions = {
  /** Null: as oneself, in a user namespace. */
  readonly user: BuildUser | null;
  readonly registries: RegistryOptions;
  readonly recordDirectory: string | undefined;
};

/** Absolute folders of the host that one build needs; they appear as /build/... and nothing else of the host does. */
export type BuildPlaces = {
  readonly storage: string;
  readonly lock: string;
  readonly context: string;
  readonly work: string;
  readonly layout: string;
};

const temporaryFolders = ['root', 'etc', 'bin', 'tmp'];
const hostFiles = ['resolv.conf', 'nsswitch.conf', 'hosts', 'localtime', 'ld.so.cache'];

/** The file tree that one build's buildah sees: made by `prepare`, entered by each program, taken away by `remove`. */
export class BuildRoot {
  constructor(
    private readonly options: BuildRootOptions,
    private readonly places: BuildPlaces,
  ) {}

  /** Writes what the build root is made of into the work folder. */
  async prepare(credentials: readonly PullCredential[], plainRegistries: readonly string[]): Promise<void> {
    const { storage, lock, work, layout } = this.places;
    for (const name of temporaryFolders) await makeFolder(join(work, name));
    await mkdir(storage, { recursive: true, mode: 0o700 });
    await mkdir(layout, { mode: 0o700 });
    await writeFile(lock, '', { flag: 'a' });
    await this.writeEtc(join(work, 'etc'), plainRegistries);
    await makeFile(join(work, 'bin', 'slirp4netns'), slirpWrapper(), 0o755);
    await makeFile(join(work, 'enter'), buildRootScript, 0o500);
    await makeFile(this.authFile, writeAuthFile(credentials), 0o600);
    for (const place of [storage, layout, join(work, 'tmp'), this.authFile]) await this.give(place);
  }

  /** From here on buildah has no passwords; before anything of the Dockerfile runs. */
  async forgetCredentials(): Promise<void> {
    await makeFile(this.authFile, writeAuthFile([]), 0o600);
  }

  /** A file that buildah finds as /build/work/<name>. */
  async addFile(name: string, content: string | Uint8Array): Promise<string> {
    const place = join(this.places.work, 'tmp', name);
    await makeFile(place, content, 0o644);
    return `/build/work/${name}`;
  }

  /** The request that runs buildah inside; `isExclusive` gives up at once while another build uses the storage. */
  request(args: readonly string[], isExclusive = false): ProgramRequest {
    const inner = [join(this.places.work, 'enter'), ...this.entryArguments(isExclusive), ...args];
    const base = { environment: this.environment(), cwd: '/', recordDirectory: this.options.recordDirectory };
    if (this.options.user !== null) {
      return { ...base, command: '/bin/sh', args: inner, tied: { endSignal: 'SIGTERM' } };
    }
    const args_ = [
      ...userNamespace,
      '--propagation',
      'private',
      '--kill-child=SIGTERM',
      '--',
      '/bin/sh',
      ...inner,
    ];
    // `unshare` ignores SIGTERM: killed with this process, it has its child sent SIGTERM.
    return { ...base, command: 'unshare', args: args_, tied: { endSignal: 'SIGKILL' } };
  }

  /** Takes away what `prepare` made, and what a killed buildah left in its temporary folder. */
  async remove(): Promise<void> {
    for (const name of [...temporaryFolders, 'enter'])
      await removeTree(this.options.user, join(this.places.work, name));
  }

  private get authFile(): string {
    return join(this.places.work, 'tmp', 'auth.json');
  }

  private entryArguments(isExclusive: boolean): string[] {
    const { storage, lock, context, work, layout } = this.places;
    const { uid, gid } = this.options.user ?? { uid: 0, gid: 0 };
    const made = [join(work, 'root'), join(work, 'etc'), join(work, 'bin'), lock, isExclusive ? '-xn' : '-s'];
    return [...made, storage, context, join(work, 'tmp'), layout, String(uid), String(gid)];
  }

  private environment(): Record<string, string> {
    const base = {
      PATH: '/build/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      HOME: '/build/work',
      TMPDIR: '/build/work',
      XDG_RUNTIME_DIR: `/run/user/${this.options.user?.uid ?? 0}`,
      LANG: 'C.UTF-8',
    };
    if (this.options.user !== null) return base;
    // The user namespace is made by the wrapper already: buildah must not make another.
    const [uid, gid] = [String(process.getuid?.()), String(process.getgid?.())];
    const rootless = { _CONTAINERS_ROOTLESS_UID: uid, _CONTAINERS_ROOTLESS_GID: gid };
    return { ...base, _CONTAINERS_USERNS_CONFIGURED: 'done', ...rootless };
  }

  private async writeEtc(etc: string, plainRegistries: readonly string[]): Promise<void> {
    const { user, registries } = this.options;
    const plain = [...new Set([...registries.insecureRegistries, ...plainRegistries])];
    for (const name of [
      'containers',
      'ssl',
      'ssl/certs',
      'pki',
      'pki/ca-trust',
      'pki/tls',
      'pki/tls/certs',
    ]) {
      await makeFolder(join(etc, name));
    }
    const files = {
      ...writeUserFiles(user),
      'containers/policy.json': policyJson,
      'containers/registries.conf': writeRegistriesConf({ ...registries, insecureRegistries: plain }),
    };
    for (const [name, content] of Object.entries(files)) await makeFile(join(etc, name), content, 0o644);
    for (const name of hostFiles) {
      await copyFile(join('/etc', name), join(etc, name)).catch(ignoreMissing);
    }
  }

  private async give(place: string): Promise<void> {
    if (this.options.user !== null) await chown(place, this.options.user.uid, this.options.user.gid);
  }
}

/** Removes a folder that may hold files of the container's users; nothing there is no error. */
export async function removeTree(user: BuildUser | null, place: string): Promise<void> {
  if (user === null && existsSync(place)) {
    const args = ['--user', '--map-auto', '--map-root-user', '--', 'rm', '-rf', '--', place];
    await runProgram({ command: 'unshare', args, environment: baseEnvironment(), cwd: '/' });
  }
  await rm(place, { recursive: true, force: true });
}

const userNamespace = [
  '--user',
  '--map-auto',
  '--map-root-user',
  '--mount',
  '--cgroup',
  '--ipc',
  '--pid',
  '--fork',
];

/** slirp4netns gives a RUN the host's loopback as 10.0.2.2 unless told otherwise; buildah has no option for it. */
function slirpWrapper(): string {
  const program = findProgram('slirp4netns', baseEnvironment()['PATH'] ?? '') ?? '/usr/bin/slirp4netns';
  return `#!/bin/sh\nexec ${program} --disable-host-loopback "$@"\n`;
}

/** The mode is set again: the umask of this process must not lock the build user out. */
async function makeFolder(place: string): Promise<void> {
  await mkdir(place, { recursive: true });
  await chmod(place, 0o755);
}

async function makeFile(place: string, content: string | Uint8Array, mode: number): Promise<void> {
  await writeFile(place, content, { mode });
  await chmod(place, mode);
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}
