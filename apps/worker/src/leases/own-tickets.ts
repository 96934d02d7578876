import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Tickets } from '@nohands/queue';
import { BuildProcessor } from '../builds/build.processor.js';
import { JobRunner } from '../chores/job.runner.js';

const intervalMilliseconds = 1_000;

/** While the queue does not answer, this worker makes its own tickets: once a second it looks at the ledger itself. */
@Injectable()
export class OwnTickets implements OnApplicationShutdown {
  #timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly tickets: Tickets,
    private readonly builds: BuildProcessor,
    private readonly jobs: JobRunner,
  ) {}

  start(): void {
    this.#timer = setInterval(() => void this.look(), intervalMilliseconds);
  }

  onApplicationShutdown(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  /** One look; never rejects. */
  async look(): Promise<void> {
    await this.tickets.countWaiting('run-build');
    if (this.tickets.isReachable) return;
    // Not awaited together: a build may take an hour, the next look must come in a second.
    for (const take of [
      () => this.builds.takeNext(),
      () => this.jobs.takeNext('chores'),
      () => this.jobs.takeNext('lookups'),
    ]) {
      // The database is away as well: nothing to do but look again.
      void take().catch(() => undefined);
    }
  }
}
