import { describe, expect, it } from 'vitest';
import { PendingWorkSweeper, type SweptLedger } from './pending-work.sweeper.js';
import type { Tickets } from './tickets.service.js';

class CountingTickets {
  readonly added: string[] = [];
  waiting = 0;
  async add(name: string, count = 1): Promise<void> {
    this.added.push(...Array.from({ length: count }, () => name));
  }
  async countWaiting(): Promise<number> {
    return this.waiting;
  }
}

const sweepWith = async (ledger: Partial<SweptLedger>, tickets: CountingTickets): Promise<void> => {
  const whole: SweptLedger = { sweep: async () => true, countClaimable: async () => 0, ...ledger };
  await new PendingWorkSweeper(whole, tickets as unknown as Tickets).sweep();
};

describe(PendingWorkSweeper.name, () => {
  it('writes the tickets that are missing, and only those', async () => {
    const tickets = new CountingTickets();
    tickets.waiting = 1;
    await sweepWith({ countClaimable: async (lane) => (lane === 'builds' ? 3 : 0) }, tickets);
    expect(tickets.added).toEqual(['run-build', 'run-build']);
  });

  it('writes nothing while another process looks', async () => {
    const tickets = new CountingTickets();
    await sweepWith({ sweep: async () => false, countClaimable: async () => 3 }, tickets);
    expect(tickets.added).toEqual([]);
  });

  it('goes on looking after the database was away', async () => {
    const tickets = new CountingTickets();
    const answers = [Promise.reject(new Error('away')), Promise.resolve(true)];
    const ledger: SweptLedger = {
      sweep: () => answers.shift() as Promise<boolean>,
      countClaimable: async () => 1,
    };
    const sweeper = new PendingWorkSweeper(ledger, tickets as unknown as Tickets);
    await sweeper.sweep();
    expect(tickets.added).toEqual([]);
    await sweeper.sweep();
    expect(tickets.added).toHaveLength(3);
  });
});
