import { BuildError, type BuildErrorCode } from '@nohands/domain';

/** What is known of a buildah that did not succeed. */
export type BuildFailure = {
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** The last of what buildah and RUN wrote to standard error. */
  readonly stderr: string;
  /** The step that was running, as people read it, or null. */
  readonly stepName: string | null;
  /** The last lines of both streams. */
  readonly lastLines: string;
};

type Rule = {
  readonly pattern: RegExp;
  readonly code: BuildErrorCode;
  readonly say: (part: string) => string;
};

/** Tried in order against the last `Error:` line. */
const rules: readonly Rule[] = [
  rule(
    /no space left on device/,
    'no_space',
    () => 'The disk of the build is full. Free some space, then build again.',
  ),
  rule(
    /The target "([^"]*)" was not found/,
    'target_not_found',
    (name) => `The Dockerfile has no stage "${name}".`,
  ),
  rule(
    /(?:creating build container|initializing source|reading manifest|pinging container registry).*(?:unauthorized|authentication required|access to the resource is denied|denied)/,
    'base_image_denied',
    () => 'The registry refused the base image. Check its name and the credentials to pull it.',
  ),
  rule(
    /(?:creating build container|initializing source|pinging container registry).*(?:connection refused|no such host|i\/o timeout|network is unreachable|no route to host|TLS handshake|server misbehaving|x509|certificate|connection reset|temporary failure)/i,
    'registry_unreachable',
    () =>
      'The registry of the base image could not be reached. Check its name and the network, then build again.',
  ),
  rule(
    /server gave HTTP response to HTTPS client/,
    'base_image_denied',
    () => 'The registry of the base image speaks plain HTTP. Add it to INSECURE_REGISTRIES if that is meant.',
  ),
  rule(
    /creating build container:|determining starting point for build|(?:image not known|manifest unknown)/,
    'base_image_not_found',
    () => 'A base image was not found. Check the name and tag after FROM.',
  ),
  rule(
    /no stage or image found with that name/,
    'copy_source_not_found',
    () => 'COPY --from names a stage or image that does not exist. Check its name.',
  ),
  rule(
    /checking on sources under|copier: stat|no such file or directory.*building at STEP "(?:COPY|ADD)/,
    'copy_source_not_found',
    () => 'A file to copy is not in the build context. Check its path, and .dockerignore.',
  ),
  rule(
    /Unknown instruction: "([^"]*)"/i,
    'dockerfile_invalid',
    (word) =>
      `The Dockerfile has an unknown instruction "${word}" (this version of Buildah knows no heredocs).`,
  ),
  rule(
    /requires (?:at least|exactly) \w+ argument|no FROM statement found|no contents in|unknown flag|invalid reference format|Syntax error|invalid containerfile|parse error|must have (?:at least )?(?:one|two) argument/i,
    'dockerfile_invalid',
    () => 'The Dockerfile is not valid. The detail says where.',
  ),
  rule(
    /secret required but no secret with id|unable to find secret|ssh.*required/i,
    'unsupported_option',
    () => 'The Dockerfile asks for a build secret that this build does not have.',
  ),
  rule(
    /permission denied/,
    'engine_failed',
    () => 'Buildah was refused access to its own storage. Ask the administrator to look.',
  ),
];

const runFailed = /building at STEP "RUN .*(?:exit status (\d+)|subprocess exited|process failed to start)/s;

/** Turns a failed buildah into the error of the build; the detail holds the step, the exit code and the last lines. */
export function toBuildError(failure: BuildFailure): BuildError {
  const error = lastErrorLine(failure.stderr);
  // Without an exit code buildah itself was killed: nothing is known about the step.
  const isRun = failure.exitCode !== null && failure.stepName?.startsWith('RUN') === true;
  if (
    isRun &&
    !/creating build container/.test(error) &&
    (runFailed.test(error) || failure.exitCode !== 125)
  ) {
    return stepFailed(failure);
  }
  const found = findRule(error) ?? findRule(failure.stderr);
  if (found !== null) return new BuildError(found.code, withStep(found.message, failure), detail(failure));
  // A RUN that buildah could not even start (its own exit code) is the engine's failure, not the user's.
  if (!isRun && error.includes('building at STEP')) return stepFailed(failure);
  const how =
    failure.signal === null ? `exit code ${failure.exitCode ?? 'unknown'}` : `signal ${failure.signal}`;
  return new BuildError(
    'engine_failed',
    `Buildah ended with ${how}. The detail holds its last words.`,
    detail(failure),
  );
}

function stepFailed(failure: BuildFailure): BuildError {
  // A full disk inside a RUN is only the RUN's own complaint and its exit code.
  if (/no space left on device/i.test(failure.stderr)) {
    return new BuildError(
      'no_space',
      'The disk of the build is full. Free some space, then build again.',
      detail(failure),
    );
  }
  const code = failure.exitCode === null ? '' : ` with exit code ${failure.exitCode}`;
  const what = `The step "${failure.stepName ?? 'unknown'}" failed${code}.`;
  return new BuildError('step_failed', `${what} Its last lines say why.`, detail(failure));
}

function withStep(message: string, { stepName }: BuildFailure): string {
  return stepName === null ? message : `${message} The step was "${stepName}".`;
}

function detail({ stepName, exitCode, lastLines }: BuildFailure): string {
  const head = stepName === null ? [] : [`step: ${stepName}`, `exit code: ${exitCode ?? 'none'}`];
  return [...head, lastLines].join('\n').trim();
}

function lastErrorLine(stderr: string): string {
  const lines = stderr.split('\n');
  const at = lines.findLastIndex((line) => line.startsWith('Error: '));
  return at < 0 ? '' : lines.slice(at).join('\n');
}

function findRule(text: string): { code: BuildErrorCode; message: string } | null {
  for (const { pattern, code, say } of rules) {
    const match = pattern.exec(text);
    if (match !== null) return { code, message: say(match[1] ?? '') };
  }
  return null;
}

function rule(pattern: RegExp, code: BuildErrorCode, say: Rule['say']): Rule {
  return { pattern, code, say };
}
