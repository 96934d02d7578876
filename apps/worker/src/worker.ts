import type { INestApplicationContext } from '@nestjs/common';
import { NoticeListener, type Notice } from '@nohands/database';
import { BuildProcessor } from './builds/build.processor.js';
import { EngineWatch } from './engines/engine-watch.js';
import { LeaseKeeper } from './leases/lease-keeper.js';
import { OwnTickets } from './leases/own-tickets.js';
import { MirrorJanitor } from './projects/mirror-janitor.js';

/** A stopping worker gives its builds this long to stop cleanly, in milliseconds; after that the lease decides. */
const drainMilliseconds = 20_000;

/** The life of a worker process: listen, look at the engine, work, stop cleanly. */
export class Worker {
  readonly #application: INestApplicationContext;
  readonly #listener: NoticeListener;

  constructor(application: INestApplicationContext, databaseUrl: string) {
    this.#application = application;
    this.#listener = new NoticeListener(databaseUrl, {
      notice: (notice) => this.#heard(notice),
      reconnected: () => void this.#application.get(LeaseKeeper).renew(),
    });
  }

  /** Resolves when tickets are being taken. The engine is looked at meanwhile: browsing needs none. */
  async start(): Promise<void> {
    await this.#listener.start();
    this.#application.get(OwnTickets).start();
    void this.#application.get(EngineWatch).start();
    void this.#application.get(MirrorJanitor).sweep();
  }

  /** Hands running builds over and ends; resolves when the process may exit. */
  async stop(): Promise<void> {
    const drained = this.#application.get(BuildProcessor).drain();
    this.#application.get(LeaseKeeper).stopAll('shutdown');
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([drained, new Promise((resolve) => (timer = setTimeout(resolve, drainMilliseconds)))]);
    clearTimeout(timer);
    await this.#listener.close();
    await this.#application.close();
  }

  /**
   * A held build changed, perhaps by a cancel: the heartbeat asks now instead of within two seconds. A repository
   * changed, perhaps it is gone.
   */
  #heard(notice: Notice): void {
    const leases = this.#application.get(LeaseKeeper);
    if (notice.kind === 'build' && leases.heldBuildIds.includes(notice.id)) void leases.renew();
    if (notice.kind === 'repository') void this.#application.get(MirrorJanitor).sweep(notice.id);
  }
}
