import type { GitCredentials } from '@nohands/domain';

/** What the whole library needs to know about its place. */
export type GitSettings = {
  /** Absolute; holds one folder per repository, named by id, and nothing else of anybody. */
  readonly mirrorsDirectory: string;
  readonly allowLocal: boolean;
  /** Paths that are allowed even without `allowLocal`: the sample repository. */
  readonly trustedPaths?: readonly string[];
  readonly allowPrivateAddresses: boolean;
  /** For a whole fetch, in milliseconds; 15 minutes when absent. */
  readonly fetchDeadlineMs?: number;
  /** For a look at the remote (refs only), in milliseconds; 10 seconds when absent. */
  readonly lookDeadlineMs?: number;
  /** The private key for ssh addresses; without one ssh servers are asked without any key. */
  readonly sshKeyFile?: string | null;
  /** Where running programs are recorded, for `reapRecordedPrograms`. */
  readonly recordDirectory?: string;
  /** Turns a host name into addresses; the system's resolver when absent. */
  readonly resolveHost?: (host: string) => Promise<readonly string[]>;
};

/** Where a repository comes from: the address as stored (`GitUrl.text`) and what opens it. */
export type GitRemote = { readonly url: string; readonly credentials: GitCredentials | null };

export const defaultFetchDeadlineMs = 15 * 60_000;
export const defaultLookDeadlineMs = 10_000;
