import type { WorkLane } from '@nohands/domain';

/**
 * The catalogue: every ticket and the queue it waits in. A ticket says "there is work"; what the work is, is decided
 * by the ledger when somebody claims it, so a ticket carries nothing, and losing or doubling one does no harm.
 */
export const ticketQueues = {
  'run-build': 'builds',
  'run-chore': 'chores',
  'run-lookup': 'lookups',
} as const satisfies Record<string, WorkLane>;

export type TicketName = keyof typeof ticketQueues;

export const ticketNames = Object.keys(ticketQueues) as TicketName[];

/** What a handler answers: whether it found work. */
export type TicketResult = { readonly claimed: boolean };
export type TicketHandler = () => Promise<TicketResult>;

/** One handler for every ticket: a second one is refused, a missing one stops the start, an unknown ticket fails loudly. */
export class TicketHandlers {
  readonly #handlers = new Map<TicketName, TicketHandler>();

  register(name: TicketName, handler: TicketHandler): void {
    if (this.#handlers.has(name)) throw new Error(`Two handlers for the ticket "${name}".`);
    this.#handlers.set(name, handler);
  }

  /** Throws when a ticket of the catalogue has no handler; called before the first ticket is taken. */
  assertComplete(): void {
    const missing = ticketNames.filter((name) => !this.#handlers.has(name));
    if (missing.length > 0) throw new Error(`No handler for the ticket "${missing.join('", "')}".`);
  }

  async run(name: string): Promise<TicketResult> {
    const handler = this.#handlers.get(name as TicketName);
    if (handler === undefined)
      throw new Error(`Nobody handles the ticket "${name}": an older or a newer NoHands wrote it.`);
    return handler();
  }
}
