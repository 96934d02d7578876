import { BuildError } from '@nohands/domain';
import {
  ProgramNotFound,
  ProgramNotStarted,
  baseEnvironment,
  findProgram,
  runProgram,
} from '@nohands/process';
import {
  BuildEngine,
  type BuildRequest,
  type BuildSink,
  type BuiltImage,
  type EngineProbe,
} from '../build-engine.js';
import { InvalidLayout } from '../layout.js';
import type { BuildUser } from './build-user.js';
import type { BuildIsolation } from './buildah-commands.js';
import { BuildahRun, type BuildahRunOptions } from './buildah-run.js';
import { BuildahStorage } from './buildah-storage.js';
import type { RegistryMirror } from './container-files.js';
import { selfTestIsolation, type SelfTestFinding } from './isolation-self-test.js';
import { findRootlessObstacle } from './rootless-obstacle.js';

export type BuildahOptions = {
  /** Absolute: build storage (one folder per repository) lies in it. The build user needs no way to it. */
  readonly stateDirectory: string;
  /** Who builds when this process is root; null otherwise: then it builds as itself. */
  readonly user: BuildUser | null;
  /** `chroot` only by hand: builds are then not checked, and the probe carries a standing warning. */
  readonly isolation?: 'safe' | 'chroot';
  /** host[:port] of registries that speak plain HTTP. */
  readonly insecureRegistries?: readonly string[];
  readonly registryMirrors?: readonly RegistryMirror[];
  /** Where running programs are recorded, for `reapRecordedPrograms` of a successor. */
  readonly recordDirectory?: string;
};

const programs = ['buildah', 'newuidmap', 'newgidmap', 'unshare', 'setpriv', 'flock', 'mount'];
const programsOfRootless = ['runc', 'slirp4netns'];
const packages = 'buildah runc uidmap slirp4netns busybox-static';
/** A failed probe is looked at again after this time, in milliseconds: somebody may have mended it. */
const retryMs = 30_000;
const answerMs = 4_500;

/** Builds without a daemon, as an unprivileged user, in a file tree of its own. Safe only while its self-test passes. */
export class BuildahEngine extends BuildEngine {
  override readonly name = 'buildah';
  private readonly isolation: BuildIsolation;
  private readonly storage: BuildahStorage;
  private examination: Promise<EngineProbe> | null = null;
  private known: EngineProbe | null = null;

  constructor(private readonly options: BuildahOptions) {
    super();
    this.storage = new BuildahStorage(options.stateDirectory, options.user);
    this.isolation = options.isolation === 'chroot' ? 'chroot' : 'rootless';
  }

  /** The first answer waits for the self-test (about 2 s on an idle machine); every later one comes within 5 s. */
  override async probe(): Promise<EngineProbe> {
    const result = this.examineOnce();
    const { known } = this;
    if (known === null) return result;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<EngineProbe>((resolve) => {
      timer = setTimeout(() => resolve(known), answerMs);
    });
    return Promise.race([result, late]).finally(() => clearTimeout(timer));
  }

  override async build(request: BuildRequest, sink: BuildSink, signal: AbortSignal): Promise<BuiltImage> {
    signal.throwIfAborted();
    const probe = await this.examineOnce();
    if (!probe.ready) throw new BuildError(probe.code, probe.reason);
    signal.throwIfAborted();
    const options = await this.prepareRun(String(request.repositoryId), probe.version);
    try {
      return await new BuildahRun(options, request, sink, signal).run();
    } catch (error) {
      throw signal.aborted ? error : nameFailure(error);
    }
  }

  private examineOnce(): Promise<EngineProbe> {
    this.examination ??= this.examine().then((probe) => {
      this.known = probe;
      if (!probe.ready) setTimeout(() => (this.examination = null), retryMs).unref();
      return probe;
    });
    return this.examination;
  }

  private async examine(): Promise<EngineProbe> {
    const missing = this.findMissing();
    if (missing !== null) return this.notReady('engine_unavailable', missing);
    try {
      const version = await readVersion(this.options.stateDirectory);
      const finding = await this.findDanger(version);
      if (finding !== null) return this.notReady(finding.code, finding.reason);
      const warnings = this.isolation === 'chroot' ? [chrootWarning] : [];
      return { ready: true, name: this.name, version, warnings };
    } catch (error) {
      // Expected: SelfTestFailed and errors of the file system. What was not shown to be safe is not safe.
      const why = error instanceof Error ? error.message : String(error);
      return this.notReady(
        'engine_unsafe',
        `Builds are off: the isolation self-test of Buildah failed. ${why}`,
      );
    }
  }

  private async findDanger(version: string): Promise<SelfTestFinding | null> {
    if (this.isolation === 'chroot') return null;
    const obstacle = this.options.user === null ? await findRootlessObstacle() : null;
    if (obstacle !== null) return { code: 'engine_unsafe', reason: obstacle };
    const run = await this.prepareRun('self-test', version);
    return selfTestIsolation({ run, directory: this.options.stateDirectory });
  }

  private findMissing(): string | null {
    const wanted = this.isolation === 'rootless' ? [...programs, ...programsOfRootless] : programs;
    const missing = wanted.filter(
      (program) => findProgram(program, baseEnvironment()['PATH'] ?? '') === null,
    );
    if (missing.length > 0) {
      return `Builds are off: ${missing.join(', ')} not found. On Debian or Ubuntu: apt-get install ${packages}`;
    }
    if (process.getuid?.() === 0 && this.options.user === null) {
      return 'Builds are off: as root, Buildah needs the build user. Start NoHands by `npm start` as root once, which makes it.';
    }
    return null;
  }

  private async prepareRun(storageName: string, version: string): Promise<BuildahRunOptions> {
    const { user, recordDirectory, insecureRegistries = [], registryMirrors: mirrors = [] } = this.options;
    const { storage, lock } = await this.storage.place(storageName);
    return {
      ...{ user, recordDirectory, isolation: this.isolation, version },
      registries: { insecureRegistries, mirrors },
      ...{ storage, lock },
    };
  }

  private notReady(code: 'engine_unavailable' | 'engine_unsafe', reason: string): EngineProbe {
    return { ready: false, name: this.name, code, reason };
  }
}

const chrootWarning =
  'BUILD_ISOLATION=chroot: builds run without a network of their own and can reach every service of this machine. Build only code that you trust.';

/** Gives failures of this machine the words of a build; everything else stays what it is. */
function nameFailure(error: unknown): unknown {
  if (error instanceof ProgramNotFound || error instanceof ProgramNotStarted) {
    return new BuildError('engine_unavailable', error.message, null, { cause: error });
  }
  if (error instanceof InvalidLayout) {
    const message = `Buildah wrote an image that does not check out: ${error.message} Build again.`;
    return new BuildError('engine_failed', message, null, { cause: error });
  }
  if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') {
    const message = 'The disk of the build is full. Free some space, then build again.';
    return new BuildError('no_space', message, null, { cause: error });
  }
  return error;
}

/** `home`: buildah wants one that it may enter. */
async function readVersion(home: string): Promise<string> {
  const environment = baseEnvironment({ HOME: home });
  const result = await runProgram({ command: 'buildah', args: ['--version'], environment, cwd: '/' });
  return /version (\d+\.\d+(?:\.\d+)?)/.exec(result.stdout.toString())?.[1] ?? 'unknown';
}
