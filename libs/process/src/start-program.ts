import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { endProcesses, sendSignal, type ProgramHandle } from './end-processes.js';
import { ProgramNotStarted } from './find-program.js';
import { markVariable, readProcess } from './process-table.js';
import { recordProgram, type ProgramRecord } from './program-records.js';
import type { ProgramExit, ProgramRequest, RunningProgram } from './program.js';
import { wrapProgram, type WrappedProgram } from './wrap-program.js';

const defaultGraceMs = 5_000;

/**
 * Starts a program in a process group of its own. Throws `ProgramNotFound` or `ProgramNotStarted`; throws
 * `signal.reason` when the signal is already aborted. What is left of the group when the program ends is killed.
 */
export function startProgram(request: ProgramRequest): RunningProgram {
  request.signal?.throwIfAborted();
  const wrapped = wrapProgram(request);
  if (request.cwd !== undefined && !existsSync(request.cwd)) {
    throw new ProgramNotStarted(
      `"${request.command}" was not started: its working directory does not exist.`,
    );
  }
  const mark = randomUUID();
  // Recorded before the start: a death in between leaves a record of nothing, never a program without a record.
  const record = recordProgram(request.recordDirectory, { mark, isNamespaced: wrapped.isNamespaced });
  const child = spawnWrapped(request, wrapped, mark);
  if (child.pid === undefined) {
    record.remove();
    throw new ProgramNotStarted(`"${request.command}" was not started: the system refused to run it.`);
  }
  return new StartedProgram(request, child, { mark, isNamespaced: wrapped.isNamespaced }, record);
}

function spawnWrapped(request: ProgramRequest, wrapped: WrappedProgram, mark: string): ChildProcess {
  const child = spawn(wrapped.file, wrapped.args, {
    cwd: request.cwd,
    env: { ...request.environment, [markVariable]: mark },
    stdio: [request.stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    detached: true,
    ...(wrapped.user === undefined ? {} : { uid: wrapped.user.uid, gid: wrapped.user.gid }),
  });
  // Expected: a failed start (seen by the missing pid) and a failed kill (the process is gone).
  child.on('error', () => undefined);
  return child;
}

class StartedProgram implements RunningProgram {
  readonly pid: number;
  readonly stdin;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly exited: Promise<ProgramExit>;
  private readonly handle: ProgramHandle;
  private hasTimedOut = false;
  private hasClosed = false;
  private stopping: Promise<void> | null = null;
  /** Ends when nothing is left of a namespace whose outer process somebody else killed; its output is still read. */
  private ending: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly request: ProgramRequest,
    private readonly child: ChildProcess,
    handle: Omit<ProgramHandle, 'leader'>,
    private readonly record: ProgramRecord,
  ) {
    if (child.pid === undefined || child.stdout === null || child.stderr === null) {
      throw new ProgramNotStarted(`"${request.command}" was not started.`);
    }
    this.pid = child.pid;
    this.stdin = request.stdin === 'open' ? child.stdin : null;
    this.stdout = child.stdout;
    this.stderr = child.stderr;
    this.handle = { ...handle, leader: readProcess(child.pid) };
    record.update(this.handle.leader);
    this.exited = this.watch();
    this.feedStdin();
  }

  stop(): Promise<void> {
    this.stopping ??= this.hasClosed ? this.ending.then(() => undefined) : this.end();
    return this.stopping;
  }

  private async end(): Promise<void> {
    const isGone = await endProcesses(this.handle, this.request.graceMs ?? defaultGraceMs);
    if (!isGone) throw new ProgramNotStopped(this.request.command);
    this.record.remove();
    // Whatever still holds the other end is not of this program (a passed descriptor): do not wait for it.
    this.stdout.destroy();
    this.stderr.destroy();
    await this.exited;
  }

  private watch(): Promise<ProgramExit> {
    const onAbort = (): void => this.stopQuietly();
    const deadline = this.startDeadline();
    this.request.signal?.addEventListener('abort', onAbort, { once: true });
    this.child.once('exit', (_code, signal) => this.endRest(signal));
    return new Promise((resolve) => {
      this.child.once('close', (exitCode, signal) => {
        clearTimeout(deadline);
        this.request.signal?.removeEventListener('abort', onAbort);
        this.hasClosed = true;
        if (this.stopping === null) void this.ending.then(() => this.record.remove());
        resolve({ exitCode, signal, timedOut: this.hasTimedOut });
      });
    });
  }

  /** What the program left behind in its group must not keep the output open, or live on. */
  private endRest(signal: NodeJS.Signals | null): void {
    if (!this.handle.isNamespaced) sendSignal(-this.pid, 'SIGKILL');
    // A namespace goes with its first process; only when somebody killed `unshare` is that one still ending.
    else if (signal !== null && this.stopping === null) {
      this.ending = endProcesses(this.handle, this.request.graceMs ?? defaultGraceMs).catch(() => false);
    }
  }

  private startDeadline(): NodeJS.Timeout | undefined {
    if (this.request.deadlineMs === undefined) return undefined;
    return setTimeout(() => {
      this.hasTimedOut = true;
      this.stopQuietly();
    }, this.request.deadlineMs);
  }

  /** For stops that nobody awaits: who calls `stop()` afterwards gets the same promise and its error. */
  private stopQuietly(): void {
    this.stop().catch(() => undefined);
  }

  private feedStdin(): void {
    const { stdin } = this.child;
    // Expected: EPIPE, when the program ends before it has read everything.
    stdin?.on('error', () => undefined);
    if (this.request.stdin !== undefined && this.request.stdin !== 'open') stdin?.end(this.request.stdin);
  }
}

/** Something of the program could not be ended, even by SIGKILL. */
export class ProgramNotStopped extends Error {
  override readonly name = 'ProgramNotStopped';
  readonly code = 'program_not_stopped';

  constructor(command: string) {
    super(`Something started by "${command}" could not be ended: it may be stuck in the kernel.`);
  }
}
