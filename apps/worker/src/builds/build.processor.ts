import { Processor, WorkerHost } from '@nestjs/bullmq';
import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { BuildClaimsStore } from '@nohands/database';
import { system } from '@nohands/domain';
import { TicketHandlers, Tickets, ticketQueues, type TicketResult } from '@nohands/queue';
import type { Job } from 'bullmq';
import { EngineWatch } from '../engines/engine-watch.js';
import { WorkerSelf } from '../leases/worker-self.js';
import { BuildRunner } from './build.runner.js';

/** Takes build tickets: each one claims the next build of the ledger and runs it. */
@Processor(ticketQueues['run-build'], { autorun: false })
@Injectable()
export class BuildProcessor extends WorkerHost implements OnApplicationBootstrap {
  #running = 0;
  #isDraining = false;
  #idle: (() => void)[] = [];

  constructor(
    private readonly claims: BuildClaimsStore,
    private readonly runner: BuildRunner,
    private readonly engine: EngineWatch,
    private readonly self: WorkerSelf,
    private readonly tickets: Tickets,
    private readonly handlers: TicketHandlers,
  ) {
    super();
    handlers.register('run-build', () => this.takeNext());
  }

  onApplicationBootstrap(): void {
    this.handlers.assertComplete();
    this.worker.concurrency = this.self.identity.slots;
    // Redis may be away at the start: the worker's own tickets carry on, and BullMQ connects when it is back.
    this.worker.on('error', () => undefined);
    void this.worker.run().catch(() => undefined);
  }

  override process(job: Job): Promise<TicketResult> {
    return this.handlers.run(job.name);
  }

  get hasFreeSlot(): boolean {
    return !this.#isDraining && this.#running < this.self.identity.slots;
  }

  /** Claims and runs the next build; answers at once when there is none, no engine, or no slot. */
  async takeNext(): Promise<TicketResult> {
    if (!this.hasFreeSlot || !this.engine.isReady) return { claimed: false };
    this.#running += 1;
    try {
      const build = await this.claims.claimNext(system('worker'), this.self.identity.id, this.engine.name);
      if (build === null) return { claimed: false };
      await this.runner.run(build);
    } finally {
      this.#running -= 1;
      if (this.#running === 0) this.#idle.splice(0).forEach((resolve) => resolve());
    }
    // The log waits for its seal, and a slot fell free: neither is left to the sweeper's next look.
    const next = this.#isDraining ? [] : [this.tickets.add('run-build')];
    await Promise.all([this.tickets.add('run-chore'), ...next]);
    return { claimed: true };
  }

  /** Takes no more; resolves when no build is left in hand. */
  async drain(): Promise<void> {
    this.#isDraining = true;
    if (this.#running > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }
}
