import { describe, expect, it } from 'vitest';
import { toBuildError } from './dagger-errors.js';

function map(message: string, hidden: string[] = []) {
  return toBuildError(new Error(message), null, hidden);
}

describe(toBuildError.name, () => {
  it('cuts out paths of the host, passwords, identifiers and marks of tracing', () => {
    const said = `cannot read /srv/builds/7/context/x with hunter-2 ${'QUJD'.repeat(40)} [traceparent:00-0f-0]`;
    const error = map(said, ['/srv/builds/7/context', 'hunter-2', '']);
    expect(error).toMatchObject({ code: 'engine_failed', detail: 'cannot read …/x with … …' });
    expect(error.message).not.toContain('srv');
  });

  it.each([
    ['mount callback failed: write /x: no space left on device', 'no_space'],
    [
      'failed to convert Dockerfile to LLB: a/b:1: pull access denied, repository does not exist',
      'base_image_denied',
    ],
    ['failed to convert Dockerfile to LLB: a/b:1: a/b:1: not found', 'base_image_not_found'],
    [
      'failed to convert Dockerfile to LLB: r.test/b:1: dial tcp: lookup r.test: no such host',
      'registry_unreachable',
    ],
    ['failed to convert Dockerfile to LLB: circular dependency detected on stage: a', 'dockerfile_invalid'],
    ['Encountered an unknown error while requesting data via graphql', 'engine_unavailable'],
  ])('maps %j to %s', (message, code) => {
    expect(map(message).code).toBe(code);
  });

  it('passes on what is an error for people already', () => {
    const error = map('x');
    expect(toBuildError(error, null, [])).toBe(error);
  });

  it('names a RUN that no telemetry told of by its exit code alone, with its last output', () => {
    const error = Object.assign(new Error('exit code: 7'), { exitCode: 7, stdout: 'out', stderr: 'err' });
    expect(toBuildError(error, null, [])).toMatchObject({ code: 'step_failed', detail: 'out\nerr' });
  });
});
