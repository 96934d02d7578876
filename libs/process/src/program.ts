/** What to start: never a shell, never an inherited environment. */
export type ProgramRequest = {
  /** A program name found on `environment.PATH`, or an absolute path. */
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  /** The whole environment of the program; nothing is inherited. `baseEnvironment()` gives PATH, HOME, LANG. */
  readonly environment: Readonly<Record<string, string>>;
  /** Bytes for standard input; `'open'` keeps it open for `RunningProgram.stdin`; absent closes it at once. */
  readonly stdin?: Uint8Array | string | 'open';
  /** The whole group is ended after this many milliseconds. */
  readonly deadlineMs?: number;
  /** Aborting ends the program and all it started. */
  readonly signal?: AbortSignal;
  /** Run as this user (needs root). */
  readonly user?: { readonly uid: number; readonly gid: number };
};
