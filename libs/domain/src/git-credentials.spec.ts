import { describe, expect, it } from 'vitest';
import { gitOrigin, secretsOfCredentials } from './git-credentials.js';

describe(gitOrigin.name, () => {
  it.each([
    ['https://example.org/team/app.git', 'https://example.org'],
    ['https://example.org:8443/app', 'https://example.org:8443'],
    ['http://[::1]:3000/app', 'http://[::1]:3000'],
    ['ssh://git@example.org/app', null],
    ['git@example.org:app', null],
    ['/srv/app', null],
  ])('%s: %s', (text, origin) => expect(gitOrigin(text)).toBe(origin));
});

describe(secretsOfCredentials.name, () => {
  it.each([
    ['ada', 'token-of-ada', ['token-of-ada']],
    ['token-alone', '', ['token-alone']],
    ['token-first', 'x-oauth-basic', ['token-first']],
    ['', 'token-of-nobody', ['token-of-nobody']],
  ])('%s and %s', (username, password, secrets) =>
    expect(secretsOfCredentials({ username, password })).toEqual(secrets),
  );
});
