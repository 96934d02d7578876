import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import type { Configuration } from '@nohands/config';
import { RepositoriesStore } from '@nohands/database';
import { system } from '@nohands/domain';
import { Tickets } from '@nohands/queue';
import { WORKER_CONFIGURATION } from '../worker-configuration.js';

const lookMilliseconds = 10_000;

/** Asks for a refresh of every active repository that was not refreshed for `REPOSITORY_POLL_SECONDS`; 0 switches it off. */
@Injectable()
export class RepositoryPoller implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #logger = new Logger(RepositoryPoller.name);
  #timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly repositories: RepositoriesStore,
    private readonly tickets: Tickets,
    @Inject(WORKER_CONFIGURATION) private readonly configuration: Configuration,
  ) {}

  onApplicationBootstrap(): void {
    if (this.configuration.repositoryPollSeconds === 0) return;
    this.#timer = setInterval(() => void this.look(), lookMilliseconds);
  }

  onApplicationShutdown(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  /** One look; never rejects. Several workers may look at once: a refresh that waits already is not asked for again. */
  async look(): Promise<void> {
    try {
      const { repositoryPollSeconds } = this.configuration;
      const due = await this.repositories.requestDueRefreshes(system('poller'), repositoryPollSeconds);
      if (due.length > 0) await this.tickets.add('run-chore', due.length);
    } catch (error) {
      // The database is away; the next look comes in ten seconds.
      this.#logger.warn(
        `The repositories could not be polled: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
}
