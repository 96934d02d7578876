import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { JobsStore, WorkersStore, type JobOutcome } from '@nohands/database';
import {
  lookupDeadlineMilliseconds,
  Problem,
  problemCodes,
  type JobResults,
  type ProblemCode,
  type UserPrincipal,
} from '@nohands/domain';
import { Tickets } from '@nohands/queue';
import { NoticesFeed } from '../live/notices.feed.js';
import { WakeUp } from '../live/wake-up.js';

export type WantedRef = { readonly repositoryId: number; readonly ref: string; readonly allowStale: boolean };

const lookMilliseconds = 1_000;

/** Asks a worker what a ref stands for at this moment: the API itself never touches git. */
@Injectable()
export class RefLookupService {
  constructor(
    private readonly jobs: JobsStore,
    private readonly workers: WorkersStore,
    private readonly tickets: Tickets,
    private readonly notices: NoticesFeed,
  ) {}

  /** Problems: `no_worker`, `ref_not_found`, `ambiguous_ref`, `remote_unreachable`. */
  async resolve(actor: UserPrincipal, wanted: WantedRef): Promise<JobResults['resolve-ref']> {
    const workers = await this.workers.list(actor);
    if (!workers.some(({ isAlive }) => isAlive))
      throw noWorker('No worker runs, and only workers speak to git servers.');
    const told = new WakeUp();
    // Listening begins before the question is asked, so that the fastest answer is heard.
    const stop = this.notices.listen({
      notice: (notice) => notice.kind === 'job' && told.ring(),
      reconnected: () => told.ring(),
    });
    try {
      // Two look-ups are one only when they ask the very same: a ref may be longer than a subject.
      const ref = createHash('sha256').update(wanted.ref).digest('hex');
      const subject = `${wanted.repositoryId}:${wanted.allowStale ? 'stale' : 'fresh'}:${ref}`;
      const id = await this.jobs.request(actor, 'resolve-ref', subject, wanted);
      await this.tickets.add('run-lookup');
      return await this.#waitForAnswer(actor, id, told);
    } finally {
      stop();
    }
  }

  async #waitForAnswer(actor: UserPrincipal, id: number, told: WakeUp): Promise<JobResults['resolve-ref']> {
    const deadline = AbortSignal.timeout(lookupDeadlineMilliseconds);
    for (;;) {
      const seen = told.count;
      const outcome = await this.jobs.outcome(actor, 'resolve-ref', id);
      if (outcome?.status === 'done') return outcome.result;
      if (outcome?.status === 'failed') throw asProblem(outcome);
      if (deadline.aborted) throw noWorker('No worker answered within 5 seconds. Try again; it may be busy.');
      await told.wait(seen, lookMilliseconds, deadline);
    }
  }
}

function noWorker(detail: string): Problem {
  return new Problem('no_worker', detail);
}

const isProblemCode = (code: string): code is ProblemCode =>
  (problemCodes as readonly string[]).includes(code);

/** The worker's words, under the code of the API that is nearest to its own. */
function asProblem({ errorCode, errorMessage }: JobOutcome<'resolve-ref'> & { status: 'failed' }): Problem {
  const code = errorCode === 'commit_not_found' ? 'ref_not_found' : errorCode;
  if (code === 'worker_lost') return noWorker(errorMessage);
  const errors =
    code === 'ref_not_found' || code === 'ambiguous_ref' ? [{ pointer: '/ref', detail: errorMessage }] : [];
  return new Problem(isProblemCode(code) ? code : 'remote_unreachable', errorMessage, errors);
}
