import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { WorkersStore, type ClaimedBuild } from '@nohands/database';
import { heartbeatMilliseconds, leaseMilliseconds, system } from '@nohands/domain';
import { WorkerSelf } from './worker-self.js';

/** Why a running build has to stop. `lost`: somebody else holds it, nothing may be written any more. */
export type StopReason = 'requested' | 'superseded' | 'timeout' | 'lost' | 'shutdown';

/** The reason of the AbortSignal that a build runs under. */
export class BuildStop extends Error {
  override readonly name = 'BuildStop';

  constructor(readonly reason: StopReason) {
    super(`The build stops: ${reason}`);
  }
}

/** A build in this worker's hand. */
export type Hold = {
  readonly signal: AbortSignal;
  /** Resolves at once while the lease is surely ours, else when it is renewed; rejects when the build has to stop. */
  untilSure(): Promise<void>;
  release(): void;
};

type Held = { readonly attempt: number; readonly controller: AbortController; renewedAt: number };

/** A side effect starts only with this much of the lease left, in milliseconds. */
const sureMilliseconds = leaseMilliseconds - 3 * heartbeatMilliseconds;

/**
 * Renews all leases of this worker in one statement, every two seconds on the database's clock, and hears from it
 * which builds to stop. While the database is away builds go on; only side effects wait.
 */
@Injectable()
export class LeaseKeeper implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #logger = new Logger(LeaseKeeper.name);
  readonly #held = new Map<number, Held>();
  readonly #jobIds = new Set<number>();
  #timer: NodeJS.Timeout | null = null;
  #renewal: Promise<void> | null = null;
  #waiters: (() => void)[] = [];

  constructor(
    private readonly workers: WorkersStore,
    private readonly self: WorkerSelf,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.workers.register(system('worker'), this.self.identity);
    this.#timer = setInterval(() => void this.renew(), heartbeatMilliseconds);
  }

  async onApplicationShutdown(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#renewal;
    // The row is only for people; a database that is away at this moment changes nothing.
    await this.workers.markStopped(system('worker'), this.self.identity.id).catch(() => undefined);
  }

  hold(build: ClaimedBuild): Hold {
    const held: Held = { attempt: build.attempt, controller: new AbortController(), renewedAt: Date.now() };
    this.#held.set(build.id, held);
    const timer = setTimeout(
      () => held.controller.abort(new BuildStop('timeout')),
      build.timeoutSeconds * 1_000,
    );
    return {
      signal: held.controller.signal,
      untilSure: () => this.#untilSure(held),
      release: () => {
        clearTimeout(timer);
        if (this.#held.get(build.id) === held) this.#held.delete(build.id);
      },
    };
  }

  /** Renews the lease of a piece of work until the answer is called. */
  holdJob(id: number): () => void {
    this.#jobIds.add(id);
    return () => this.#jobIds.delete(id);
  }

  /** Stops every build in hand. */
  stopAll(reason: StopReason): void {
    for (const { controller } of this.#held.values()) controller.abort(new BuildStop(reason));
  }

  get heldBuildIds(): number[] {
    return [...this.#held.keys()];
  }

  /** Renews now; also called when a notice says that a held build changed. Never throws. */
  renew(): Promise<void> {
    this.#renewal ??= this.#renewOnce().finally(() => (this.#renewal = null));
    return this.#renewal;
  }

  async #renewOnce(): Promise<void> {
    const asked = new Map(this.#held);
    const startedAt = Date.now();
    const inHand = { buildIds: this.heldBuildIds, jobIds: [...this.#jobIds] };
    try {
      const still = await this.workers.renew(
        system('worker'),
        this.self.identity.id,
        inHand,
        leaseMilliseconds,
      );
      for (const [buildId, held] of asked) {
        const row = still.find((build) => build.buildId === buildId && build.attempt === held.attempt);
        if (row === undefined) held.controller.abort(new BuildStop('lost'));
        else held.renewedAt = startedAt;
        if (row?.cancelReason) held.controller.abort(new BuildStop(row.cancelReason as StopReason));
      }
      this.#release();
    } catch (error) {
      // The database is away. The sweeper is patient after an outage, so the lease may still be ours when it is back.
      this.#logger.warn(
        `The leases could not be renewed: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }

  async #untilSure(held: Held): Promise<void> {
    const { signal } = held.controller;
    while (Date.now() - held.renewedAt > sureMilliseconds) {
      signal.throwIfAborted();
      await new Promise<void>((resolve) => {
        this.#waiters.push(resolve);
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
    }
    signal.throwIfAborted();
  }

  #release(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const resolve of waiters) resolve();
  }
}
