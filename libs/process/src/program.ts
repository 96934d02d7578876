import type { Readable, Writable } from 'node:stream';

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
  /** How long a stopped program has between SIGTERM and SIGKILL, in milliseconds; 5000 when absent. */
  readonly graceMs?: number;
  /**
   * Tie the program to the life of this process. As root on Linux it also gets a pid and mount namespace of its own,
   * so that nothing it starts can outlive it, however it detaches.
   */
  readonly tied?: ProgramTie;
  /** Absolute folder where the running program is recorded, for `reapRecordedPrograms` of a successor. */
  readonly recordDirectory?: string;
};

export type ProgramTie = {
  /** What the program gets when this process dies or stops it; SIGTERM only for a program that handles it. */
  readonly endSignal: 'SIGTERM' | 'SIGKILL';
};

export type ProgramExit = {
  /** Null when a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** True when `deadlineMs` ended it. */
  readonly timedOut: boolean;
};

export type RunningProgram = {
  readonly pid: number;
  readonly stdin: Writable | null;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Resolves when the program has ended and its output is closed; never rejects. Consume stdout and stderr. */
  readonly exited: Promise<ProgramExit>;
  /** Ends the program and everything it started; resolves when nothing is left. Safe to call again. */
  stop(): Promise<void>;
};
