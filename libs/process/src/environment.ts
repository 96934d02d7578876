import { homedir } from 'node:os';

/** Where programs are looked for; fixed, so that nobody's shell profile changes what runs. */
const searchPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/homebrew/bin';

/** The made environment of a program: PATH, HOME and LANG=C.UTF-8, then `extra` (which may replace them); nothing is inherited. */
export function baseEnvironment(extra: Readonly<Record<string, string>> = {}): Record<string, string> {
  return { PATH: searchPath, HOME: homedir(), LANG: 'C.UTF-8', ...extra };
}
