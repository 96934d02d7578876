import { Module, type DynamicModule } from '@nestjs/common';
import type { ServerConfiguration } from '@nohands/config';
import { DatabaseModule, PendingWorkStore } from '@nohands/database';
import { BuildEngine } from '@nohands/engine';
import { PendingWorkSweeper, QueueModule, Tickets } from '@nohands/queue';
import { BlobStorage, openStorage } from '@nohands/storage';
import { BuildFolders } from './builds/build-folders.js';
import { BuildSessions } from './builds/build-sessions.js';
import { BuildSteps } from './builds/build-steps.js';
import { BuildProcessor } from './builds/build.processor.js';
import { BuildRunner } from './builds/build.runner.js';
import { LogFlusher } from './builds/log.flusher.js';
import { ChoreProcessor, LookupProcessor } from './chores/job.processors.js';
import { JobHandlers } from './chores/job-handlers.js';
import { JobRunner } from './chores/job.runner.js';
import { LogSealer } from './chores/log.sealer.js';
import { EngineWatch } from './engines/engine-watch.js';
import { LeaseKeeper } from './leases/lease-keeper.js';
import { OwnTickets } from './leases/own-tickets.js';
import { WorkerSelf } from './leases/worker-self.js';
import { ProgramReaper } from './program-reaper.js';
import { MirrorJanitor } from './projects/mirror-janitor.js';
import { MirrorTidier } from './projects/mirror-tidier.js';
import { RefResolver } from './projects/ref-resolver.js';
import { RepositoryCredentials } from './projects/repository-credentials.js';
import { RepositoryMirrors } from './projects/repository-mirrors.js';
import { RepositoryPoller } from './projects/repository-poller.js';
import { RepositoryRefresher } from './projects/repository-refresher.js';
import { WORKER_CONFIGURATION } from './worker-configuration.js';

/** Connections of a worker's pool: leases, logs, claims and chores side by side. */
const poolSize = 8;

/** Everything a worker is made of; the engine comes from outside, so that a test can bring its own. */
@Module({})
export class WorkerModule {
  static forRoot(configuration: ServerConfiguration, engine: BuildEngine, version: string): DynamicModule {
    const { databaseUrl, redisUrl, storageUrl, maxConcurrentBuilds } = configuration;
    return {
      module: WorkerModule,
      imports: [
        DatabaseModule.forRoot({ connectionString: databaseUrl, poolSize }),
        QueueModule.forRoot({ redisUrl, databaseUrl }),
      ],
      providers: [
        { provide: WORKER_CONFIGURATION, useValue: configuration },
        { provide: BuildEngine, useValue: engine },
        { provide: BlobStorage, useFactory: () => openStorage(storageUrl) },
        { provide: WorkerSelf, useFactory: () => new WorkerSelf(maxConcurrentBuilds, version) },
        {
          provide: PendingWorkSweeper,
          inject: [PendingWorkStore, Tickets],
          useFactory: (ledger: PendingWorkStore, tickets: Tickets) => new PendingWorkSweeper(ledger, tickets),
        },
        BuildFolders,
        BuildProcessor,
        BuildRunner,
        BuildSessions,
        BuildSteps,
        ChoreProcessor,
        EngineWatch,
        JobHandlers,
        JobRunner,
        LeaseKeeper,
        LogFlusher,
        LogSealer,
        LookupProcessor,
        MirrorJanitor,
        MirrorTidier,
        OwnTickets,
        ProgramReaper,
        RefResolver,
        RepositoryCredentials,
        RepositoryMirrors,
        RepositoryPoller,
        RepositoryRefresher,
      ],
    };
  }
}
