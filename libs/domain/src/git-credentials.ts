import type { GitCredentials } from './git-url.js';

/** Where credentials may be sent: scheme, host and port of an http(s) address as stored; null for other kinds. */
export function gitOrigin(text: string): string | null {
  const url = URL.parse(text);
  return url?.protocol === 'https:' || url?.protocol === 'http:' ? url.origin : null;
}

/**
 * What of the credentials must never be shown. Some servers take a token as the user name, with no password or a
 * fixed word in its place; an ordinary user name is no secret.
 */
export function secretsOfCredentials({ username, password }: GitCredentials): string[] {
  const isTokenFirst = password === '' || password === 'x-oauth-basic';
  return [isTokenFirst ? username : password];
}
