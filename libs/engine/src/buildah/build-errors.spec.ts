import { describe, expect, it } from 'vitest';
import { toBuildError, type BuildFailure } from './build-errors.js';

function failure(stderr: string, over: Partial<BuildFailure> = {}): BuildFailure {
  return { exitCode: 125, signal: null, stepName: null, lastLines: 'the last lines', ...over, stderr };
}

const cases: readonly (readonly [string, string, Partial<BuildFailure>?])[] = [
  [
    'step_failed',
    'Error: building at STEP "RUN x": while running runtime: exit status 3',
    { exitCode: 3, stepName: 'RUN x' },
  ],
  [
    'step_failed',
    'Error: building at STEP "RUN x": while running runtime: exit status 125',
    { stepName: 'RUN x' },
  ],
  [
    'step_failed',
    'Error: building at STEP "RUN x": subprocess exited on killed',
    { exitCode: 1, stepName: 'RUN x' },
  ],
  [
    'engine_failed',
    'Error: building at STEP "RUN x": failed to read from slirp4netns sync pipe: EOF',
    { stepName: 'RUN x' },
  ],
  [
    'no_space',
    'write: no space left on device\nError: building at STEP "RUN x": exit status 1',
    { exitCode: 1, stepName: 'RUN x' },
  ],
  ['dockerfile_invalid', 'Error: building at STEP "RUNN x": Build error: Unknown instruction: "RUNN"'],
  ['dockerfile_invalid', 'Error: building at STEP "COPY": COPY requires at least one argument'],
  ['target_not_found', 'Error: The target "x" was not found in the provided Dockerfile'],
  [
    'base_image_not_found',
    'Error: creating build container: initializing source docker://h/x:1: reading manifest 1 in h/x: manifest unknown',
  ],
  [
    'base_image_denied',
    'Error: creating build container: initializing source docker://h/x:1: reading manifest 1 in h/x: unauthorized: authentication required',
  ],
  [
    'registry_unreachable',
    'Error: creating build container: pinging container registry h: Get "https://h/v2/": dial tcp 127.0.0.1:1: connect: connection refused',
  ],
  [
    // No retry would help: somebody has to allow it.
    'base_image_denied',
    'Error: creating build container: pinging container registry h: http: server gave HTTP response to HTTPS client',
  ],
  [
    'copy_source_not_found',
    'Error: building at STEP "COPY a /a": checking on sources under "/build/context": copier: stat: "/a": no such file or directory',
    { stepName: 'COPY a /a' },
  ],
  [
    'copy_source_not_found',
    'Error: building at STEP "COPY --from=x a /a": no stage or image found with that name',
    { stepName: 'COPY --from=x a /a' },
  ],
  ['step_failed', 'Error: building at STEP "ADD x /x": something else', { stepName: 'ADD x /x' }],
  ['engine_failed', '', { exitCode: null, signal: 'SIGKILL' }],
  ['engine_failed', 'a line of the RUN', { exitCode: null, signal: 'SIGKILL', stepName: 'RUN x' }],
];

describe(toBuildError.name, () => {
  for (const [code, stderr, over] of cases) {
    it(`reads ${code} out of: ${stderr || 'nothing'}`, () => {
      const error = toBuildError(failure(stderr, over));
      expect(error.code).toBe(code);
      expect(error.detail).toContain('the last lines');
    });
  }

  it('names the step and its exit code', () => {
    const error = toBuildError(
      failure('Error: building at STEP "RUN x": exit status 3', { exitCode: 3, stepName: 'RUN x' }),
    );
    expect(error.message).toContain('"RUN x" failed with exit code 3');
  });

  it('does not take what a RUN printed for the word of buildah', () => {
    const stderr = 'Error: The target "x" was not found\nError: building at STEP "RUN x": exit status 3';
    expect(toBuildError(failure(stderr, { exitCode: 3, stepName: 'RUN x' })).code).toBe('step_failed');
  });
});
