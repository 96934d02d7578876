import { BuildError, type BuildErrorCode } from '@nohands/domain';
import type { FailedCommand } from './telemetry/build-transcript.js';
import type { FailedStep } from './telemetry/step-reporter.js';

type ErrorRule = {
  readonly pattern: RegExp;
  readonly code: BuildErrorCode;
  /** What happened and what to do; `found` is the match of the pattern. */
  readonly say: (found: RegExpExecArray) => string;
};

/** What the engine says, and what it means here; the first that matches counts. */
const rules: readonly ErrorRule[] = [
  {
    pattern: /failed to read Dockerfile "([^"]*)"|failed to read dockerfile/i,
    code: 'dockerfile_not_found',
    say: ([, path]) => `There is no Dockerfile "${path ?? ''}" in this commit. Add it, or correct the path.`,
  },
  {
    pattern: /target stage "?([^"\s]+)"? could not be found/i,
    code: 'target_not_found',
    say: ([, stage]) => `The Dockerfile has no stage "${stage ?? ''}". Correct the build target.`,
  },
  {
    pattern: /(dockerfile parse error.*|unknown instruction.*|file with no instructions.*)/is,
    code: 'dockerfile_invalid',
    say: ([, why]) => `The Dockerfile cannot be read: ${trimEnd(why ?? '')}. Correct it and build again.`,
  },
  {
    pattern:
      /(?:pull access denied|insufficient_scope|authorization failed|no basic auth credentials|401 Unauthorized|403 Forbidden)/i,
    code: 'base_image_denied',
    say: () =>
      'The registry of a base image refused access. Check that the image exists and give credentials to pull it.',
  },
  {
    pattern:
      /failed to convert Dockerfile to LLB: (\S+?): (?:\S+: )*(?:not found|manifest unknown|name unknown)/i,
    code: 'base_image_not_found',
    say: ([, image]) =>
      `The base image ${image ?? ''} does not exist. Correct the FROM line, or push the image.`,
  },
  {
    pattern:
      /dial tcp .*?: (connect: [a-z ]+|i\/o timeout|lookup .*)|no such host|server misbehaving|TLS handshake/i,
    code: 'registry_unreachable',
    say: () =>
      'The registry of a base image does not answer. Check its address and the network, then build again.',
  },
  {
    pattern:
      /(?:failed to copy source|failed to content hash|dockerfile copy).*?(?:lstat|stat|open) (\S+): no such file or directory/is,
    code: 'copy_source_not_found',
    say: ([, path]) =>
      `COPY or ADD names "${path ?? ''}", which the build context does not have. Add it, or look at .dockerignore.`,
  },
  {
    pattern: /no space left on device/i,
    code: 'no_space',
    say: () => 'The engine has no space left on its disk. Free some, then build again.',
  },
  {
    pattern: /^(API Error|Encountered an .*error while requesting data via graphql.*)$/is,
    code: 'engine_unavailable',
    say: () =>
      'The Dagger engine stopped answering in the middle of the build. Check that it runs; the build is tried again.',
  },
  {
    pattern: /failed to convert Dockerfile to LLB: (.*)/is,
    code: 'dockerfile_invalid',
    say: ([, why]) => `The Dockerfile cannot be built: ${trimEnd(why ?? '')}. Correct it and build again.`,
  },
];

/**
 * What the engine's message means, as `BuildError`. `hidden` (paths of the host, passwords) is cut out of it. Only the message is looked at: other fields of the SDK's errors
 * hold whole queries, with paths and argument values.
 */
export function toBuildError(
  error: unknown,
  failed: FailedStep | null,
  hidden: readonly string[],
): BuildError {
  if (error instanceof BuildError) return error;
  if (failed !== null && (failed.exitCode ?? exitCodeOf(error)) !== null) return stepFailed(failed, error);
  const exitCode = exitCodeOf(error);
  if (exitCode !== null) return stepFailed({ number: 0, name: 'A RUN', exitCode, tail: '' }, error);
  const message = shorten(error instanceof Error ? error.message : String(error), hidden);
  for (const { pattern, code, say } of rules) {
    const found = pattern.exec(message);
    if (found !== null) return new BuildError(code, say(found), message);
  }
  return new BuildError(
    'engine_failed',
    'The Dagger engine could not build this. Its own words are in the details.',
    message,
  );
}

/** The command that the SDK's `ExecError` blames, or null for any other error. */
export function readFailedCommand(error: unknown): FailedCommand | null {
  const exitCode = exitCodeOf(error);
  if (exitCode === null || !(error instanceof Error) || !('cmd' in error) || !Array.isArray(error.cmd))
    return null;
  return { args: error.cmd.map(String), exitCode };
}

function stepFailed(failed: FailedStep, error: unknown): BuildError {
  const exitCode = failed.exitCode ?? exitCodeOf(error);
  const step = failed.number === 0 ? failed.name : `Step ${failed.number} (${failed.name})`;
  return new BuildError(
    'step_failed',
    `${step} failed with exit code ${exitCode}. Read its last lines, correct the command and build again.`,
    failed.tail || tailOf(error) || null,
  );
}

/** The last output of the SDK's `ExecError`, which has each stream by itself. */
function tailOf(error: unknown): string {
  const { stdout = '', stderr = '' } = error as { readonly stdout?: unknown; readonly stderr?: unknown };
  const texts = [stdout, stderr].filter((text) => typeof text === 'string' && text !== '');
  return texts.join('\n').slice(-4096);
}

/** The SDK's `ExecError` tells it by a field, the engine by its words. */
function exitCodeOf(error: unknown): number | null {
  if (!(error instanceof Error)) return null;
  if ('exitCode' in error && typeof error.exitCode === 'number') return error.exitCode;
  const said = /\bexit code: (\d+)/.exec(error.message);
  return said === null ? null : Number(said[1]);
}

/** Long runs of base64 (identifiers of the engine) and trace marks say nothing to people. */
function shorten(message: string, hidden: readonly string[]): string {
  return hidden
    .reduce((text, part) => (part === '' ? text : text.replaceAll(part, '…')), message)
    .replace(/[A-Za-z0-9+/=]{80,}/g, '…')
    .replace(/\s*\[traceparent:[0-9a-f-]+\]/g, '')
    .replace(/(?:load xxh3:[0-9a-f]+: |inputs: )+/g, '')
    .slice(0, 2000)
    .trim();
}

function trimEnd(text: string): string {
  return text.trim().replace(/\.+$/, '');
}
