import { setTimeout as delay } from 'node:timers/promises';
import {
  startEmbeddedPostgres,
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
} from '@nohands/embedded';
import { RestartPolicy } from './restart-policy.ts';

export type DatabaseEvents = {
  say(sentence: string): void;
  /** It ended and could not be started again. */
  givenUp(sentence: string): void;
};

/** Keeps the embedded Postgres running until `stop`: one that dies is started again on the same address. */
export class SupervisedDatabase {
  readonly #options: EmbeddedPostgresOptions;
  readonly #events: DatabaseEvents;
  readonly #policy = new RestartPolicy();
  readonly #stopped = new AbortController();
  #server: EmbeddedPostgres;
  #restarting: Promise<void> = Promise.resolve();

  private constructor(options: EmbeddedPostgresOptions, events: DatabaseEvents, server: EmbeddedPostgres) {
    this.#options = options;
    this.#events = events;
    this.#server = server;
    this.#watch(server);
  }

  /** Rejects with `EmbeddedError` when the first start fails. */
  static async start(options: EmbeddedPostgresOptions, events: DatabaseEvents): Promise<SupervisedDatabase> {
    return new SupervisedDatabase(options, events, await startEmbeddedPostgres(options));
  }

  get connectionString(): string {
    return this.#server.connectionString;
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#restarting;
    await this.#server.stop();
  }

  #watch(server: EmbeddedPostgres): void {
    void server.exited.then(() => (this.#restarting = this.#restart()));
  }

  async #restart(): Promise<void> {
    if (this.#stopped.signal.aborted) return;
    this.#events.say('The embedded Postgres ended; it is started again.');
    try {
      await delay(this.#policy.delayAfterDeath(performance.now()), undefined, {
        signal: this.#stopped.signal,
      });
      const server = await startEmbeddedPostgres(this.#options);
      this.#server = server;
      if (this.#stopped.signal.aborted) return await server.stop();
      this.#watch(server);
    } catch (error) {
      // Expected: stopped while waiting, or an EmbeddedError that says why it cannot start
      if (!this.#stopped.signal.aborted)
        this.#events.givenUp(error instanceof Error ? error.message : String(error));
    }
  }
}
