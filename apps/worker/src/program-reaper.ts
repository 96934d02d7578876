import { join } from 'node:path';
import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import type { Configuration } from '@nohands/config';
import { reapRecordedPrograms } from '@nohands/process';
import { WORKER_CONFIGURATION } from './worker-configuration.js';

/** What a dead worker left running has this long to end by itself, in milliseconds. */
const graceMilliseconds = 2_000;

/** Where running programs are written down, so that whoever starts after a crash can end them. */
export function programRecordsDirectory({ buildStorageDir }: Pick<Configuration, 'buildStorageDir'>): string {
  return join(buildStorageDir, 'programs');
}

/** Ends what a predecessor left running, before this worker takes anything on. */
@Injectable()
export class ProgramReaper implements OnModuleInit {
  readonly #logger = new Logger(ProgramReaper.name);

  constructor(@Inject(WORKER_CONFIGURATION) private readonly configuration: Configuration) {}

  async onModuleInit(): Promise<void> {
    try {
      const count = await reapRecordedPrograms(
        programRecordsDirectory(this.configuration),
        graceMilliseconds,
      );
      if (count > 0) this.#logger.log(`Ended or found ended: ${count} programs of a worker that died.`);
    } catch (error) {
      // A record that cannot be read (a full disk, other rights) must not keep this worker from working.
      this.#logger.warn(`What a dead worker left running could not be looked for: ${String(error)}`);
    }
  }
}
