import { Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { WorkLane } from '@nohands/domain';
import { ticketNames, ticketQueues, type TicketName } from './tickets.js';
import type { Tickets } from './tickets.service.js';

/** What the sweeper needs of the ledger; the database's stores fulfil it. */
export type SweptLedger = {
  /** Looks after lost builds and overdue cancels; false when another process looks at this moment. */
  sweep(): Promise<boolean>;
  /** Work of a lane that could be claimed at this moment. */
  countClaimable(lane: WorkLane): Promise<number>;
};

const intervalMilliseconds = 1_000;
const mostTicketsPerLook = 50;

/** Every second: reaps what lost its worker and writes the tickets that are missing. Runs in every API and worker. */
export class PendingWorkSweeper implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #logger = new Logger(PendingWorkSweeper.name);
  readonly #ledger: SweptLedger;
  readonly #tickets: Tickets;
  #timer: NodeJS.Timeout | null = null;
  #look: Promise<void> = Promise.resolve();
  #isLooking = false;
  #isFailing = false;

  constructor(ledger: SweptLedger, tickets: Tickets) {
    this.#ledger = ledger;
    this.#tickets = tickets;
  }

  onApplicationBootstrap(): void {
    this.#timer = setInterval(() => {
      if (this.#isLooking) return;
      this.#isLooking = true;
      this.#look = this.sweep().finally(() => (this.#isLooking = false));
    }, intervalMilliseconds);
  }

  async onApplicationShutdown(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#look;
  }

  /** One look; never throws. */
  async sweep(): Promise<void> {
    try {
      if (await this.#ledger.sweep()) {
        for (const name of ticketNames) await this.#addMissing(name);
      }
      this.#isFailing = false;
    } catch (error) {
      // The database is away: the next look tries again. Said once, not every second.
      if (!this.#isFailing)
        this.#logger.warn(`The ledger cannot be read: ${error instanceof Error ? error.message : error}`);
      this.#isFailing = true;
    }
  }

  async #addMissing(name: TicketName): Promise<void> {
    const claimable = await this.#ledger.countClaimable(ticketQueues[name]);
    if (claimable === 0) return;
    const missing = claimable - (await this.#tickets.countWaiting(name));
    if (missing > 0) await this.#tickets.add(name, Math.min(missing, mostTicketsPerLook));
  }
}
