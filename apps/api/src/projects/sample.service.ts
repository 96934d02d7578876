import { Injectable, Logger } from '@nestjs/common';
import { Configuration } from '@nohands/config';
import { RepositoriesStore, SampleRepositoryStore } from '@nohands/database';
import { Problem, system } from '@nohands/domain';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Tickets } from '@nohands/queue';

const actor = system('start');

/** Offers the sample that `npm start` leaves in DATA_DIR, as long as nobody ever connected a repository. */
@Injectable()
export class SampleService {
  readonly #logger = new Logger(SampleService.name);

  constructor(
    private readonly repositories: RepositoriesStore,
    private readonly samples: SampleRepositoryStore,
    private readonly tickets: Tickets,
    private readonly configuration: Configuration,
  ) {}

  async offerSample(): Promise<void> {
    const folder = join(this.configuration.dataDir, 'sample');
    if (!existsSync(join(folder, '.git'))) return;
    if (await this.samples.wasRepositoryMade(actor)) return;
    try {
      await this.repositories.create(actor, {
        name: 'sample',
        url: folder,
        description: 'Made by NoHands at its first start, so that there is something to build.',
        isSample: true,
      });
    } catch (error) {
      // Expected: another process offered it at this very moment.
      if (error instanceof Problem && error.code === 'conflict') return;
      throw error;
    }
    await this.tickets.add('run-chore');
    this.#logger.log('Made the sample repository.');
  }
}
