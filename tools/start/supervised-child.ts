import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { configurationExitCode, readMessage, type MessageFromChild } from './child-protocol.ts';
import { RestartPolicy } from './restart-policy.ts';

export type ChildDescription = {
  /** For people: "API", "worker". */
  readonly name: string;
  /** Absolute path of the program's main module. */
  readonly file: string;
  /** The whole environment; nothing is inherited. */
  readonly environment: Readonly<Record<string, string>>;
  /** True when nothing works without it: it is given up after three deaths before its first `ready`. */
  readonly isEssential: boolean;
};

export type ChildEvents = {
  message(message: MessageFromChild): void;
  say(sentence: string): void;
  /** It will not be started again; only essential children end so. */
  givenUp(sentence: string): void;
};

const deathsBeforeGivingUp = 3;

/** Keeps one child process running until `stop`. */
export class SupervisedChild {
  readonly #description: ChildDescription;
  readonly #events: ChildEvents;
  readonly #policy = new RestartPolicy();
  readonly #stopped = new AbortController();
  #child: ChildProcess | null = null;
  #wasReady = false;
  #deathsBeforeReady = 0;

  constructor(description: ChildDescription, events: ChildEvents) {
    this.#description = description;
    this.#events = events;
    this.#start();
  }

  /** Of the running process; null between a death and the restart. */
  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  /** Asks the child to stop and waits; kills it after `graceMs`, or when `hurry` is aborted. Safe to call again. */
  async stop(graceMs: number, hurry: AbortSignal): Promise<void> {
    this.#stopped.abort();
    const child = this.#child;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    // Expected: the channel is closed because the child is just ending.
    if (child.connected) child.send('stop', () => undefined);
    const limit = AbortSignal.any([AbortSignal.timeout(graceMs), hurry]);
    const isLate = await Promise.race([exited.then(() => false), aborted(limit)]);
    if (!isLate) return;
    if (!hurry.aborted) this.#events.say(`The ${this.#description.name} did not stop in time and is killed.`);
    killGroup(child);
    await exited;
  }

  #start(): void {
    const { file, environment } = this.#description;
    const child = fork(file, [], {
      // A session of its own: Ctrl-C in a terminal reaches the launcher only, which then stops things in order.
      detached: true,
      env: environment,
      execArgv: ['--enable-source-maps'],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#child = child;
    child.on('message', (message) => this.#receive(message));
    child.once('error', () => undefined);
    child.once('exit', (code, signal) => this.#restart(code, signal));
  }

  #receive(raw: unknown): void {
    const message = readMessage(raw);
    if (message === null) return;
    if (message.ready) this.#wasReady = true;
    this.#events.message(message);
  }

  #restart(code: number | null, signal: NodeJS.Signals | null): void {
    this.#child = null;
    if (this.#stopped.signal.aborted) return;
    const { name, isEssential } = this.#description;
    const how = signal === null ? `ended with code ${code}` : `was ended by ${signal}`;
    if (!this.#wasReady) this.#deathsBeforeReady += 1;
    const isHopeless = code === configurationExitCode || this.#deathsBeforeReady >= deathsBeforeGivingUp;
    if (isEssential && !this.#wasReady && isHopeless) {
      this.#stopped.abort();
      return this.#events.givenUp(`The ${name} cannot start: it ${how}. What it wrote above says why.`);
    }
    const delayMs = this.#policy.delayAfterDeath(performance.now());
    const when = delayMs === 0 ? 'at once' : `in ${delayMs / 1000} s`;
    this.#events.say(`The ${name} ${how}; it is started again ${when}.`);
    delay(delayMs, undefined, { signal: this.#stopped.signal }).then(
      () => this.#start(),
      () => undefined, // Expected: stopped while waiting
    );
  }
}

function aborted(signal: AbortSignal): Promise<true> {
  if (signal.aborted) return Promise.resolve(true);
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(true), { once: true }));
}

/** The child leads a process group: with it goes what it started in the same group. */
function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    // Expected: it has just ended
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
