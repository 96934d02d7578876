import { describe, expect, it } from 'vitest';
import { TicketHandlers, ticketNames } from './tickets.js';

const idle = async () => ({ claimed: false });

describe(TicketHandlers.name, () => {
  it('refuses a second handler', () => {
    const handlers = new TicketHandlers();
    handlers.register('run-build', idle);
    expect(() => handlers.register('run-build', idle)).toThrow(/Two handlers.*run-build/);
  });

  it('says which ticket has no handler', () => {
    const handlers = new TicketHandlers();
    handlers.register('run-build', idle);
    expect(() => handlers.assertComplete()).toThrow(/run-chore.*run-lookup/);
    for (const name of ticketNames.slice(1)) handlers.register(name, idle);
    expect(() => handlers.assertComplete()).not.toThrow();
  });

  it('fails loudly at a ticket nobody knows', async () => {
    await expect(new TicketHandlers().run('run-away')).rejects.toThrow(/run-away/);
  });
});
