export { PendingWorkSweeper, type SweptLedger } from './pending-work.sweeper.js';
export { QueueModule, type QueueOptions } from './queue.module.js';
export {
  TicketHandlers,
  ticketNames,
  ticketQueues,
  type TicketHandler,
  type TicketName,
  type TicketResult,
} from './tickets.js';
export { Tickets } from './tickets.service.js';
