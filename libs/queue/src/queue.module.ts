import { BullModule } from '@nestjs/bullmq';
import { type DynamicModule, Module } from '@nestjs/common';
import { createPostgresBackend, setDefaultBackendFactory, type ConnectionOptions } from 'bullmq';
import { Tickets } from './tickets.service.js';
import { TicketHandlers, ticketQueues } from './tickets.js';

export type QueueOptions = {
  /** `redis://...`; null: the queue lives in the database, in a schema of its own. */
  readonly redisUrl: string | null;
  readonly databaseUrl: string;
};

/** Connections per queue user: tickets are few, the ledger does the work. */
const postgresPoolSize = 4;

/** BullMQ on Redis or on Postgres; which one is decided once per process. */
@Module({})
export class QueueModule {
  static forRoot(options: QueueOptions): DynamicModule {
    const connection =
      options.redisUrl === null ? postgresConnection(options) : redisConnection(options.redisUrl);
    return {
      module: QueueModule,
      global: true,
      imports: [
        BullModule.forRoot({
          connection,
          prefix: 'nohands',
          defaultJobOptions: { removeOnComplete: true, removeOnFail: 100, attempts: 1 },
        }),
        BullModule.registerQueue(...[...new Set(Object.values(ticketQueues))].map((name) => ({ name }))),
      ],
      providers: [Tickets, TicketHandlers],
      exports: [BullModule, Tickets, TicketHandlers],
    };
  }
}

function postgresConnection({ databaseUrl }: QueueOptions): ConnectionOptions {
  setDefaultBackendFactory(createPostgresBackend);
  const connection = { connectionString: databaseUrl, schema: 'queue', migrate: true, max: postgresPoolSize };
  // The type knows Redis only; the factory set above is what reads it.
  return connection as unknown as ConnectionOptions;
}

function redisConnection(redisUrl: string): ConnectionOptions {
  setDefaultBackendFactory();
  const url = new URL(redisUrl);
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? 6379 : Number(url.port),
    db: url.pathname.length > 1 ? Number(url.pathname.slice(1)) : 0,
    ...(url.username === '' ? {} : { username: decodeURIComponent(url.username) }),
    ...(url.password === '' ? {} : { password: decodeURIComponent(url.password) }),
    ...(url.protocol === 'rediss:' ? { tls: {} } : {}),
    maxRetriesPerRequest: null,
    retryStrategy: (tries: number) => Math.min(tries * 100, 2_000),
  };
}
