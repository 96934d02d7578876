import { Injectable, Logger } from '@nestjs/common';
import { JobsStore, problemOfDatabaseError, type ClaimedJob, type JobFence } from '@nohands/database';
import {
  BuildError,
  choreKinds,
  lookupKinds,
  Problem,
  system,
  type JobKind,
  type JobResults,
} from '@nohands/domain';
import { GitError } from '@nohands/git';
import type { TicketResult } from '@nohands/queue';
import { JobHandlers } from './job-handlers.js';
import { LeaseKeeper } from '../leases/lease-keeper.js';
import { WorkerSelf } from '../leases/worker-self.js';

const lanes = { chores: choreKinds, lookups: lookupKinds } as const;

/** Claims leased work (refreshes, look-ups, seals) and ends it with a result or a reason. */
@Injectable()
export class JobRunner {
  readonly #logger = new Logger(JobRunner.name);

  constructor(
    private readonly jobs: JobsStore,
    private readonly self: WorkerSelf,
    private readonly handlers: JobHandlers,
    private readonly leases: LeaseKeeper,
  ) {}

  /** Claims and does the oldest waiting work of a lane; answers at once when there is none. */
  async takeNext(lane: keyof typeof lanes): Promise<TicketResult> {
    const job = await this.jobs.claim(system('worker'), this.self.identity.id, lanes[lane]);
    if (job === null) return { claimed: false };
    const release = this.leases.holdJob(job.id);
    try {
      await this.jobs.finish(system('worker'), job, await this.#handle(job));
    } catch (error) {
      await this.#fail(job, error);
    } finally {
      release();
    }
    return { claimed: true };
  }

  /** Ends the work badly; but nothing is wrong with it when the database went away: once its lease expires it is done again. */
  async #fail(job: ClaimedJob, error: unknown): Promise<void> {
    if (problemOfDatabaseError(error)?.code === 'unavailable') {
      this.#logger.warn(`Job ${job.id} (${job.kind}) waits for the database and will be done again.`);
      return;
    }
    const { code, message } = this.#describe(job, error);
    await this.jobs.fail(system('worker'), job, code, message);
  }

  #handle(job: ClaimedJob): Promise<JobResults[JobKind]> {
    // The kind and the payload of a claimed job belong together; the compiler cannot follow that through the index.
    const handle = this.handlers.byKind[job.kind] as (
      payload: unknown,
      fence: JobFence,
    ) => Promise<JobResults[JobKind]>;
    return handle(job.payload, { jobId: job.id, attempt: job.attempt });
  }

  #describe(job: ClaimedJob, error: unknown): { code: string; message: string } {
    if (error instanceof GitError || error instanceof BuildError || error instanceof Problem) {
      return { code: error.code, message: error.message };
    }
    this.#logger.error(
      `Job ${job.id} (${job.kind}): ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
    return { code: 'internal', message: 'NoHands itself failed at this; the log of the worker says more.' };
  }
}
