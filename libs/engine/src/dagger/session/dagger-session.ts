import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { startProgram, type ProgramExit, type RunningProgram } from '@nohands/process';

export type SessionRequest = {
  readonly daggerBin: string;
  /** `unix://`, `tcp://`, `docker-container://`, ...: where the engine listens. */
  readonly engineHost: string;
  /** Absolute, this session's own: home folder and working directory of the CLI. */
  readonly directory: string;
  /** Where spans and logs are posted, `http://127.0.0.1:<port>`; null: nowhere. */
  readonly telemetryOrigin: string | null;
  readonly deadlineMs: number;
  readonly signal?: AbortSignal;
  /** Where running programs are recorded for a successor of this process. */
  readonly recordDirectory?: string;
};

/** The engine could not be reached through the CLI; `reason` is the CLI's own last line. */
export class SessionNotOpened extends Error {
  override readonly name = 'SessionNotOpened';
  readonly code = 'session_not_opened';
}

type SessionParameters = { readonly port: number; readonly session_token: string };

const stderrTailBytes = 4096;

/** One `dagger session`: a CLI of our own that speaks to one engine for one build, and dies with this process. */
export class DaggerSession {
  private constructor(
    private readonly program: RunningProgram,
    /** Of the GraphQL server on 127.0.0.1. */
    readonly port: number,
    /** The password of that server; never to be logged. */
    readonly token: string,
  ) {}

  /**
   * Starts the CLI and waits until it is connected. Rejects with `SessionNotOpened` (no answer before the deadline, or
   * the CLI ended), with the reason of the abort, or with `ProgramNotFound`; nothing of it is left then.
   */
  static async open(request: SessionRequest): Promise<DaggerSession> {
    request.signal?.throwIfAborted();
    const program = startProgram({
      command: request.daggerBin,
      args: ['session', '--label', 'dagger.io/sdk.name:nohands'],
      cwd: request.directory,
      environment: sessionEnvironment(request),
      stdin: 'open',
      // Not ended by the signal: a cancelled session is closed first, so that the engine says when the build is gone.
      tied: { endSignal: 'SIGKILL' },
      // The CLI ignores SIGTERM while it connects and after its engine died: waiting for it would only cost time.
      graceMs: 0,
      recordDirectory: request.recordDirectory,
    });
    const words = keepTail(program.stderr);
    const onAbort = () => void program.stop().catch(() => undefined);
    request.signal?.addEventListener('abort', onAbort, { once: true });
    try {
      const { port, session_token } = await readParameters(program, request.deadlineMs, words);
      request.signal?.throwIfAborted();
      return new DaggerSession(program, port, session_token);
    } catch (error) {
      await program.stop();
      request.signal?.throwIfAborted();
      throw error;
    } finally {
      request.signal?.removeEventListener('abort', onAbort);
    }
  }

  /** Resolves when the CLI has ended, in whatever way. */
  get exited(): Promise<ProgramExit> {
    return this.program.exited;
  }

  /**
   * Asks the CLI to end, which makes the engine stop what it does for it and the CLI send the rest of its telemetry.
   * True when it ended by itself within the time; false when it had to be killed. Either way it is gone afterwards.
   */
  async close(milliseconds: number): Promise<boolean> {
    this.program.stdin?.end();
    const exit = await within(this.program.exited, milliseconds);
    if (exit !== null) return exit.exitCode === 0;
    await this.program.stop();
    return false;
  }
}

/** Made for the CLI: its own empty home, so that no credentials of whoever runs the worker reach the engine. */
function sessionEnvironment(request: SessionRequest): Record<string, string> {
  const { directory, telemetryOrigin } = request;
  return {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    LANG: 'C.UTF-8',
    HOME: directory,
    XDG_CACHE_HOME: `${directory}/cache`,
    XDG_CONFIG_HOME: `${directory}/config`,
    XDG_DATA_HOME: `${directory}/data`,
    XDG_STATE_HOME: `${directory}/state`,
    _EXPERIMENTAL_DAGGER_RUNNER_HOST: request.engineHost,
    DO_NOT_TRACK: '1',
    DAGGER_NO_NAG: '1',
    DAGGER_NO_UPDATE_CHECK: '1',
    DAGGER_SILENT: '1',
    NO_COLOR: '1',
    ...(telemetryOrigin === null
      ? {}
      : {
          OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
          OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${telemetryOrigin}/v1/traces`,
          OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: `${telemetryOrigin}/v1/logs`,
          OTEL_EXPORTER_OTLP_TRACES_LIVE: '1',
        }),
  };
}

async function readParameters(
  program: RunningProgram,
  milliseconds: number,
  words: () => string,
): Promise<SessionParameters> {
  const lines = createInterface({ input: program.stdout });
  const first = new Promise<string>((resolve) => lines.once('line', resolve));
  const ended = program.exited.then(() => null);
  const line = await within(Promise.race([first, ended]), milliseconds, 'late' as const);
  lines.close();
  program.stdout.resume();
  if (line === 'late') {
    throw new SessionNotOpened(`The engine did not answer the Dagger CLI within ${milliseconds / 1000} s.`);
  }
  const parameters = line === null ? null : parseParameters(line);
  if (parameters === null)
    throw new SessionNotOpened(`The Dagger CLI ended at its start: ${lastLine(words())}`);
  return parameters;
}

function parseParameters(line: string): SessionParameters | null {
  try {
    const value = JSON.parse(line) as Partial<SessionParameters> | null;
    const isWhole = typeof value?.port === 'number' && typeof value.session_token === 'string';
    return isWhole ? (value as SessionParameters) : null;
  } catch (error) {
    // Expected: a line that is not JSON, from a program that is not this CLI.
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** Reads the stream to its end, so that it never fills, and keeps its last 4 KiB. */
function keepTail(stream: Readable): () => string {
  let tail = '';
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => (tail = (tail + text).slice(-stderrTailBytes)));
  return () => tail;
}

function lastLine(text: string): string {
  const lines = text.split('\n').map((line) => line.trim());
  return lines.findLast((line) => line !== '') ?? 'it said nothing.';
}

async function within<T, L = null>(
  promise: Promise<T>,
  milliseconds: number,
  late: L = null as L,
): Promise<T | L> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<L>((resolve) => (timer = setTimeout(resolve, milliseconds, late)));
  const first = await Promise.race([promise, tooLate]);
  clearTimeout(timer);
  return first;
}
