import { Processor, WorkerHost } from '@nestjs/bullmq';
import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { TicketHandlers, ticketQueues, type TicketResult } from '@nohands/queue';
import type { Job } from 'bullmq';
import { JobRunner } from './job.runner.js';

const slots = { chores: 2, lookups: 4 };

/** Takes the tickets of longer work: refreshes and seals. */
@Processor(ticketQueues['run-chore'], { autorun: false, concurrency: slots.chores })
@Injectable()
export class ChoreProcessor extends WorkerHost implements OnApplicationBootstrap {
  constructor(
    runner: JobRunner,
    private readonly handlers: TicketHandlers,
  ) {
    super();
    handlers.register('run-chore', () => runner.takeNext('chores'));
  }

  onApplicationBootstrap(): void {
    this.worker.on('error', () => undefined);
    void this.worker.run().catch(() => undefined);
  }

  override process(job: Job): Promise<TicketResult> {
    return this.handlers.run(job.name);
  }
}

/** Takes the tickets of look-ups, which somebody waits for: they have slots of their own. */
@Processor(ticketQueues['run-lookup'], { autorun: false, concurrency: slots.lookups })
@Injectable()
export class LookupProcessor extends WorkerHost implements OnApplicationBootstrap {
  constructor(
    runner: JobRunner,
    private readonly handlers: TicketHandlers,
  ) {
    super();
    handlers.register('run-lookup', () => runner.takeNext('lookups'));
  }

  onApplicationBootstrap(): void {
    this.worker.on('error', () => undefined);
    void this.worker.run().catch(() => undefined);
  }

  override process(job: Job): Promise<TicketResult> {
    return this.handlers.run(job.name);
  }
}
