import { InjectQueue } from '@nestjs/bullmq';
import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import type { WorkLane } from '@nohands/domain';
import type { Queue } from 'bullmq';
import { ticketQueues, type TicketName } from './tickets.js';

/** A queue that takes longer is treated as away; the sweeper and the worker's own tickets carry on without it. */
const patienceMilliseconds = 1_000;

/** Adds tickets. Never throws: the row in the ledger is the truth, and a sweeper writes the ticket again. */
@Injectable()
export class Tickets implements OnApplicationShutdown {
  readonly #logger = new Logger(Tickets.name);
  readonly #queues: Record<WorkLane, Queue>;
  #isReachable = true;

  constructor(
    @InjectQueue('builds') builds: Queue,
    @InjectQueue('chores') chores: Queue,
    @InjectQueue('lookups') lookups: Queue,
  ) {
    this.#queues = { builds, chores, lookups };
    for (const queue of Object.values(this.#queues)) {
      // Without a listener a lost connection would end the process; the state is what `isReachable` says.
      queue.on('error', () => undefined);
    }
  }

  /** False while the queue's server does not answer. */
  get isReachable(): boolean {
    return this.#isReachable;
  }

  async add(name: TicketName, count = 1): Promise<void> {
    const tickets = Array.from({ length: count }, () => ({ name, data: {} }));
    await this.#ask(this.#queues[ticketQueues[name]].addBulk(tickets), null);
  }

  /** Tickets that nobody has taken yet; 0 while the queue is away. */
  async countWaiting(name: TicketName): Promise<number> {
    return this.#ask(this.#queues[ticketQueues[name]].getWaitingCount(), 0);
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all(Object.values(this.#queues).map((queue) => this.#ask(queue.close(), undefined)));
  }

  async #ask<Answer, Fallback>(question: Promise<Answer>, fallback: Fallback): Promise<Answer | Fallback> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('no answer within a second')), patienceMilliseconds);
    });
    try {
      const answer = await Promise.race([question, late]);
      this.#say(true, '');
      return answer;
    } catch (error) {
      // Redis or Postgres is away; whatever came late is of no use to anybody.
      question.catch(() => undefined);
      this.#say(false, error instanceof Error ? error.message : String(error));
      return fallback;
    } finally {
      clearTimeout(timer);
    }
  }

  #say(isReachable: boolean, reason: string): void {
    if (isReachable === this.#isReachable) return;
    this.#isReachable = isReachable;
    if (isReachable) this.#logger.log('The queue answers again.');
    else this.#logger.warn(`The queue does not answer (${reason}); workers go on by looking at the ledger.`);
  }
}
