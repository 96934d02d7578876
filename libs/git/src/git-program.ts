import {
  baseEnvironment,
  runProgram,
  startProgram,
  type ProgramRequest,
  type RunningProgram,
} from '@nohands/process';
import { join } from 'node:path';
import { GitError } from './git-error.js';
import { readGitFailure } from './git-failure.js';
import type { GitSettings } from './git-settings.js';

export type GitCall = {
  /** The bare repository; null where there is none yet. */
  readonly directory: string | null;
  readonly args: readonly string[];
  readonly stdin?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Configuration for this call, by environment: it can hold credentials, which arguments must not. */
  readonly config?: readonly (readonly [key: string, value: string])[];
  /** The only transports that may be used; none when absent. */
  readonly protocols?: string;
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal;
  readonly maxOutputBytes?: number;
  /** True for what can run long: it then ends with this process. */
  readonly isLong?: boolean;
};

/** Never anybody's aliases, hooks, helpers, filters or prompts; the same on every machine. */
const fixedConfig: readonly (readonly [string, string])[] = [
  ['core.hooksPath', '/dev/null'],
  ['core.attributesFile', '/dev/null'],
  ['core.excludesFile', '/dev/null'],
  ['core.fsmonitor', 'false'],
  ['core.symlinks', 'true'],
  ['core.autocrlf', 'false'],
  ['core.quotePath', 'false'],
  ['credential.helper', ''],
  ['gc.auto', '0'],
  ['gc.autoDetach', 'false'],
  ['maintenance.auto', 'false'],
  ['fetch.recurseSubmodules', 'false'],
  ['fetch.writeCommitGraph', 'false'],
  ['pack.threads', '1'],
  ['submodule.recurse', 'false'],
  ['transfer.bundleURI', 'false'],
  ['http.followRedirects', 'false'],
  ['http.lowSpeedLimit', '1'],
  ['http.lowSpeedTime', '60'],
  ['advice.fetchShowForcedUpdates', 'false'],
];

/** The git program with an environment of its own. */
export class GitProgram {
  constructor(private readonly settings: GitSettings) {}

  /** Standard output of a call that succeeds; rejects with a `GitError` or the reason of the abort. */
  async run(call: GitCall): Promise<Buffer> {
    const result = await this.tryRun(call);
    if (result.exitCode === 0 || result.truncated) return result.stdout;
    if (result.timedOut) throw deadlinePassed(call.deadlineMs ?? 0);
    throw readGitFailure(result.stderr);
  }

  /** As `run`, but a failed call is a result. */
  tryRun(call: GitCall) {
    return runProgram({
      ...this.request(call),
      ...(call.maxOutputBytes === undefined ? {} : { maxOutputBytes: call.maxOutputBytes }),
    });
  }

  /** For output of any size. */
  start(call: GitCall): RunningProgram {
    return startProgram(this.request(call));
  }

  private request(call: GitCall): ProgramRequest {
    const { recordDirectory } = this.settings;
    return {
      command: 'git',
      args: call.args,
      cwd: this.settings.mirrorsDirectory,
      environment: this.environment(call),
      ...(call.stdin === undefined ? {} : { stdin: call.stdin }),
      ...(call.deadlineMs === undefined ? {} : { deadlineMs: call.deadlineMs }),
      ...(call.signal === undefined ? {} : { signal: call.signal }),
      ...(call.isLong === true ? { tied: { endSignal: 'SIGKILL' as const } } : {}),
      ...(call.isLong === true && recordDirectory !== undefined ? { recordDirectory } : {}),
      graceMs: 1_000,
    };
  }

  private environment(call: GitCall): Record<string, string> {
    const config = [...fixedConfig, ...(call.config ?? [])];
    const pairs = config.flatMap(([key, value], index) => [
      [`GIT_CONFIG_KEY_${index}`, key],
      [`GIT_CONFIG_VALUE_${index}`, value],
    ]);
    return baseEnvironment({
      // Not a home at all: no .netrc, no XDG folder, nobody's configuration.
      HOME: join(this.settings.mirrorsDirectory, '.home'),
      LC_ALL: 'C.UTF-8',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_ATTR_NOSYSTEM: '1',
      GIT_TERMINAL_PROMPT: '0',
      GIT_ALLOW_PROTOCOL: call.protocols ?? '',
      GIT_NO_REPLACE_OBJECTS: '1',
      GIT_NO_LAZY_FETCH: '1',
      GIT_OPTIONAL_LOCKS: '0',
      GIT_LITERAL_PATHSPECS: '1',
      GIT_CONFIG_COUNT: String(config.length),
      ...Object.fromEntries(pairs),
      ...(call.directory === null ? {} : { GIT_DIR: call.directory }),
      ...call.environment,
    });
  }
}

/** The error of a call to a remote that did not end in time. */
export function deadlinePassed(deadlineMs: number): GitError {
  const seconds = Math.round(deadlineMs / 100) / 10;
  return new GitError(
    'remote_unreachable',
    `The git server did not finish its answer within ${seconds} s. Try again later.`,
  );
}
