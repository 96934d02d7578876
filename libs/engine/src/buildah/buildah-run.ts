import { chmod, lstat, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { BuildError, isInsecure } from '@nohands/domain';
import {
  baseEnvironment,
  runProgram,
  startProgram,
  type ProgramExit,
  type RunningProgram,
} from '@nohands/process';
import { StopUnconfirmed, type BuildRequest, type BuildSink, type BuiltImage } from '../build-engine.js';
import { planDockerfile, type PlannedStep } from '../dockerfile-plan.js';
import { imagesOf, registriesOf, registryOfImage } from '../dockerfile-registries.js';
import { withLabelSteps } from './label-steps.js';
import { readDockerfile, type DockerfileSource } from '../dockerfile-source.js';
import { describeLayout } from '../layout.js';
import { toBuildError } from './build-errors.js';
import { BuildOutput } from './build-output.js';
import { BuildRoot, removeTree, type BuildPlaces, type BuildRootOptions } from './build-root.js';
import {
  buildArguments,
  exportArguments,
  pullArguments,
  sweepArguments,
  type BuildIsolation,
} from './buildah-commands.js';

export type BuildahRunOptions = BuildRootOptions & {
  /** Absolute: where this build's layers are kept, and the lock of that place. */
  readonly storage: string;
  readonly lock: string;
  readonly isolation: BuildIsolation;
  readonly version: string;
};

/** One build with buildah, from the Dockerfile to the layout. */
export class BuildahRun {
  private readonly root: BuildRoot;
  private readonly places: BuildPlaces;

  constructor(
    private readonly options: BuildahRunOptions,
    private readonly request: BuildRequest,
    private readonly sink: BuildSink,
    private readonly signal: AbortSignal,
  ) {
    const { storage, lock } = options;
    // Renamed when complete: a layout folder that exists is a whole one.
    const layout = `${request.layoutDirectory}.partial`;
    this.places = { storage, lock, context: request.contextDirectory, work: request.workDirectory, layout };
    this.root = new BuildRoot(options, this.places);
  }

  async run(): Promise<BuiltImage> {
    const { contextDirectory, dockerfilePath, target } = this.request;
    const dockerfile = await readDockerfile(contextDirectory, dockerfilePath);
    const plan = this.plan(dockerfile.content.toString('utf8'), target);
    try {
      await openContext(contextDirectory);
      await removeTree(this.options.user, this.places.layout);
      // As Docker has it, this machine itself may be spoken to by plain HTTP.
      const content = dockerfile.content.toString('utf8');
      const plain = registriesOf(content).filter((host) => isInsecure(host, []));
      await this.root.prepare(this.request.pullCredentials, plain);
      await this.sweep();
      await this.pullPrivateImages(content);
      await this.build(dockerfile, plan);
      return await this.export();
    } finally {
      await this.cleanUp();
    }
  }

  private plan(content: string, target: string | null): PlannedStep[] {
    const steps = planDockerfile(content, target);
    // Buildah makes steps of the labels in the last stage of the file; before it, they are no steps.
    const isWhole = steps.at(-1)?.stage === planDockerfile(content, null).at(-1)?.stage;
    return isWhole ? withLabelSteps(steps, this.request.labels) : steps;
  }

  /**
   * A RUN can reach the files of buildah by a linked bind mount (CVE-2024-1753 in older versions): what needs a
   * password is pulled before the first RUN, then the password is taken away.
   */
  private async pullPrivateImages(content: string): Promise<void> {
    const hosts = new Set(this.request.pullCredentials.map(({ registry }) => registry));
    if (hosts.size === 0) return;
    for (const image of imagesOf(content).filter((name) => hosts.has(registryOfImage(name) ?? 'docker.io'))) {
      // Not judged here: the build asks for an image that is missing once more, and says why it cannot have it.
      await runProgram({ ...this.root.request(pullArguments(image)), signal: this.signal });
    }
    await this.root.forgetCredentials();
    this.signal.throwIfAborted();
  }

  private async build(dockerfile: DockerfileSource, plan: readonly PlannedStep[]): Promise<void> {
    const { isolation, version } = this.options;
    const { ignoreFile, content } = dockerfile;
    // Handed over as a file outside the context: what was judged and planned is what is built.
    const file = await this.root.addFile('Dockerfile', content);
    const ignore = ignoreFile === null ? null : await this.root.addFile('ignore', await readFile(ignoreFile));
    const request = this.request;
    const args = buildArguments({ request, isolation, dockerfile: file, ignoreFile: ignore, version });
    const output = new BuildOutput(plan, this.sink);
    const exit = await this.follow(startProgram({ ...this.root.request(args), signal: this.signal }), output);
    const status = this.signal.aborted ? 'cancelled' : exit.exitCode === 0 ? 'success' : 'failed';
    await output.finish(status, exit.exitCode);
    this.signal.throwIfAborted();
    if (exit.exitCode !== 0) throw toBuildError({ ...exit, ...output.describe() });
  }

  /** Waits until nothing of the program is left, whatever happens. */
  private async follow(program: RunningProgram, output: BuildOutput): Promise<ProgramExit> {
    try {
      await output.read(program.stdout, program.stderr);
      const exit = await program.exited;
      // Killed by somebody: the rest of it is still ending.
      if (exit.signal !== null) await stopConfirmed(program);
      return exit;
    } catch (error) {
      // Expected: the sink refused, or an abort closed the streams. Neither may leave buildah behind.
      await stopConfirmed(program);
      if (this.signal.aborted) return program.exited;
      throw error;
    } finally {
      if (this.signal.aborted) await stopConfirmed(program);
    }
  }

  private async export(): Promise<BuiltImage> {
    const imageId = (await readFile(join(this.places.work, 'tmp', 'iid'), 'utf8')).trim();
    if (!/^sha256:[0-9a-f]{64}$/.test(imageId))
      throw new BuildError('engine_failed', 'Buildah named no image.');
    const request = this.root.request(exportArguments(imageId.slice('sha256:'.length)));
    const pushed = await runProgram({ ...request, signal: this.signal });
    if (pushed.exitCode !== 0) {
      throw toBuildError({ ...pushed, stepName: null, lastLines: pushed.stderr });
    }
    const image = await describeLayout(this.places.layout);
    await rename(this.places.layout, this.request.layoutDirectory);
    return { ...image, layoutDirectory: this.request.layoutDirectory };
  }

  /** Working containers of a build that was killed; skipped while another build uses the same storage. */
  private async sweep(): Promise<void> {
    if (await hasContainers(this.options.storage)) {
      await runProgram({ ...this.root.request(sweepArguments(), true), deadlineMs: 30_000 });
    }
  }

  private async cleanUp(): Promise<void> {
    if (this.signal.aborted) await this.sweep();
    await this.root.remove();
    await removeTree(this.options.user, this.places.layout);
  }
}

async function stopConfirmed(program: RunningProgram): Promise<void> {
  try {
    await program.stop();
  } catch (error) {
    throw new StopUnconfirmed('A process of the build could not be ended.', { cause: error });
  }
}

/** The build user reads the context by the rights of others; a strict umask of this process must not stop it. */
async function openContext(directory: string): Promise<void> {
  const { mode } = await lstat(directory);
  if ((mode & 0o005) !== 0o005) await chmod(directory, mode | 0o055);
  if ((process.umask() & 0o055) === 0) return;
  const args = ['-R', 'a+rX', '--', directory];
  await runProgram({ command: 'chmod', args, environment: baseEnvironment() });
}

async function hasContainers(storage: string): Promise<boolean> {
  const file = join(storage, 'overlay-containers', 'containers.json');
  const text = await readFile(file, 'utf8').catch(() => '[]');
  return text.trim() !== '' && text.trim() !== '[]' && text.trim() !== 'null';
}
