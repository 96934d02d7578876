import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BuildError } from '@nohands/domain';
import { ProgramNotFound, ProgramNotStopped } from '@nohands/process';
import {
  BuildEngine,
  StopUnconfirmed,
  type BuildRequest,
  type BuildSink,
  type BuiltImage,
  type EngineProbe,
} from '../build-engine.js';
import { planDockerfile } from '../dockerfile-plan.js';
import { readDockerfile } from '../dockerfile-source.js';
import { readFailedCommand, toBuildError } from './dagger-errors.js';
import { probeDagger } from './dagger-probe.js';
import { isEngineListening } from './engine-hosts.js';
import { exportImage } from './export-image.js';
import { DaggerSession, SessionNotOpened } from './session/dagger-session.js';
import { BuildTranscript } from './telemetry/build-transcript.js';
import { OtlpReceiver } from './telemetry/otlp-receiver.js';
import { takeImage } from './take-image.js';
import { UnfinishedRuns } from './unfinished-runs.js';

export type DaggerEngineOptions = {
  /** The Dagger CLI: a name on the system's PATH, or an absolute path. It is never downloaded. */
  readonly daggerBin: string;
  /** Running engines (`tcp://`, `unix://`, ...), the preferred one first. */
  readonly engineHosts: readonly string[];
  /** How long opening a session may take, in milliseconds; 15 s when absent. */
  readonly connectMs?: number;
  /** How long a cancelled session may take to tell the engine before it is killed, in milliseconds; 8 s when absent. */
  readonly stopMs?: number;
  /** Where the CLI is recorded while it runs, for a successor of this process to reap. */
  readonly recordDirectory?: string;
};

const defaultConnectMs = 15_000;
const listenMs = 3_000;
/** The tail of the telemetry of a million lines takes 7 s; past this it is said that the log is incomplete. */
const tailMs = 60_000;
const defaultStopMs = 8_000;

type OpenBuild = {
  readonly session: DaggerSession;
  readonly receiver: OtlpReceiver;
  readonly transcript: BuildTranscript;
};

/** Builds on a running Dagger engine: one CLI session per build, steps and output by OTLP. */
export class DaggerEngine extends BuildEngine {
  override readonly name = 'dagger';
  private readonly unfinishedRuns = new UnfinishedRuns();

  constructor(private readonly options: DaggerEngineOptions) {
    super();
  }

  override probe(): Promise<EngineProbe> {
    return probeDagger(this.options);
  }

  override async build(request: BuildRequest, sink: BuildSink, signal: AbortSignal): Promise<BuiltImage> {
    signal.throwIfAborted();
    const { content } = await readDockerfile(request.contextDirectory, request.dockerfilePath);
    const plan = planDockerfile(content.toString('utf8'), request.target);
    const transcript = new BuildTranscript(sink, plan, this.unfinishedRuns.recall(request, plan));
    const refused = new AbortController();
    const receiver = await OtlpReceiver.listen(
      (kind, body) => transcript.read(kind, body),
      (error) => refused.abort(error),
    );
    const stop = AbortSignal.any([signal, refused.signal]);
    const archive = join(request.workDirectory, 'image.tar');
    try {
      const session = await this.openSession(request, receiver.origin, stop);
      const { stopMs = defaultStopMs } = this.options;
      await buildAndEnd({ session, receiver, transcript }, request, { archive, signal: stop, stopMs });
      return await takeImage(archive, request.layoutDirectory);
    } catch (error) {
      if (transcript.unfinished !== null) this.unfinishedRuns.remember(request, plan, transcript.unfinished);
      throw error;
    } finally {
      receiver.close();
      await rm(archive, { force: true });
      await rm(sessionDirectory(request), { recursive: true, force: true });
    }
  }

  private async openSession(request: BuildRequest, telemetryOrigin: string, signal: AbortSignal) {
    const directory = sessionDirectory(request);
    await mkdir(directory, { recursive: true });
    const { daggerBin, recordDirectory, connectMs: deadlineMs = defaultConnectMs } = this.options;
    const reasons: string[] = [];
    for (const engineHost of this.options.engineHosts) {
      if (!(await isEngineListening(engineHost, Math.min(listenMs, deadlineMs)))) {
        reasons.push(`Nothing listens at ${engineHost}.`);
        continue;
      }
      try {
        const session = {
          daggerBin,
          engineHost,
          directory,
          telemetryOrigin,
          deadlineMs,
          signal,
          recordDirectory,
        };
        return await DaggerSession.open(session);
      } catch (error) {
        reasons.push(reasonOf(error));
      }
    }
    throw new BuildError(
      'engine_unavailable',
      `No Dagger engine could be used. ${reasons.join(' ')} Start one, or correct DAGGER_ENGINE_HOSTS.`,
    );
  }
}

function sessionDirectory(request: BuildRequest): string {
  return join(request.workDirectory, 'dagger-session');
}

function reasonOf(error: unknown): string {
  if (error instanceof SessionNotOpened) return error.message;
  if (error instanceof ProgramNotFound) return `The Dagger CLI "${error.command}" was not found.`;
  throw error;
}

type BuildRun = { readonly archive: string; readonly signal: AbortSignal; readonly stopMs: number };

/** Runs the build on an open session and ends the session whatever happens; its telemetry is complete afterwards. */
async function buildAndEnd(build: OpenBuild, request: BuildRequest, run: BuildRun): Promise<void> {
  const failure = await exportImage(build.session, request, run).then(
    () => null,
    (error: unknown) => ({ error }),
  );
  if (run.signal.aborted) return endCancelled(build, run);
  const isLost = failure !== null && toBuildError(failure.error, null, []).code === 'engine_unavailable';
  // A CLI whose engine died never ends by itself.
  const isComplete = await build.session.close(isLost ? 0 : tailMs);
  build.receiver.close();
  await build.receiver.drain();
  const blamed = readFailedCommand(failure?.error);
  const failed = await build.transcript.finish(failure === null ? 'success' : 'failed', blamed);
  if (run.signal.aborted) run.signal.throwIfAborted();
  if (failure !== null) throw toBuildError(failure.error, failed, hiddenParts(request));
  if (!isComplete) throw incompleteLog();
}

/** What no error may show: where things lie on this machine, and the passwords of this build. */
function hiddenParts(request: BuildRequest): string[] {
  const passwords = request.pullCredentials.map((credential) => credential.password);
  return [request.contextDirectory, request.workDirectory, request.layoutDirectory, ...passwords];
}

async function endCancelled(build: OpenBuild, { signal, stopMs }: BuildRun): Promise<never> {
  const isConfirmed = await build.session.close(stopMs).catch((error: unknown) => {
    if (error instanceof ProgramNotStopped) return false;
    throw error;
  });
  build.receiver.close();
  await build.receiver.drain();
  await build.transcript.finish('cancelled');
  if (!isConfirmed) {
    throw new StopUnconfirmed(
      'The Dagger engine did not confirm that the build stopped; the session to it was ended.',
    );
  }
  throw signal.reason;
}

function incompleteLog(): BuildError {
  return new BuildError(
    'engine_failed',
    'The build succeeded, but the Dagger CLI did not end well, so its log may lack lines. Build again.',
  );
}
