import { Global, Module, type DynamicModule } from '@nestjs/common';
import { Configuration, type ServerConfiguration } from '@nohands/config';
import { DatabaseModule, PendingWorkStore } from '@nohands/database';
import { PendingWorkSweeper, QueueModule, Tickets } from '@nohands/queue';
import { BlobStorage, openStorage } from '@nohands/storage';
import { ApiModule } from './api.module.js';

/** What every room may ask for: the configuration and the image storage. */
@Global()
@Module({})
class GroundModule {
  static with(configuration: Configuration): DynamicModule {
    return {
      module: GroundModule,
      providers: [
        { provide: Configuration, useValue: configuration },
        { provide: BlobStorage, useFactory: () => openStorage(configuration.storageUrl) },
      ],
      exports: [Configuration, BlobStorage],
    };
  }
}

/** The whole API on its ground: database, queue, storage, and the sweeper that every process runs. */
@Module({})
export class ServerModule {
  static with(configuration: ServerConfiguration): DynamicModule {
    const { databaseUrl, redisUrl } = configuration;
    return {
      module: ServerModule,
      imports: [
        GroundModule.with(configuration),
        DatabaseModule.forRoot({ connectionString: databaseUrl, applicationName: 'nohands-api' }),
        QueueModule.forRoot({ databaseUrl, redisUrl }),
        ApiModule,
      ],
      providers: [
        {
          provide: PendingWorkSweeper,
          inject: [PendingWorkStore, Tickets],
          useFactory: (ledger: PendingWorkStore, tickets: Tickets) => new PendingWorkSweeper(ledger, tickets),
        },
      ],
    };
  }
}
