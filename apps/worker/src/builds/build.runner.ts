import { Injectable, Logger } from '@nestjs/common';
import { BuildClaimsStore, type BuildFailure, type ClaimedBuild } from '@nohands/database';
import { BuildError, system } from '@nohands/domain';
import { StopUnconfirmed } from '@nohands/engine';
import { untilAnswered } from '../leases/database-patience.js';
import { BuildStop, LeaseKeeper, type Hold } from '../leases/lease-keeper.js';
import { BuildFolders, type BuildFolder } from './build-folders.js';
import type { BuildSession } from './build-session.js';
import { BuildSessions } from './build-sessions.js';
import { BuildSteps } from './build-steps.js';

const worker = system('worker');

/** Runs one claimed build from checkout to push and ends it in the ledger, whatever happens. */
@Injectable()
export class BuildRunner {
  readonly #logger = new Logger(BuildRunner.name);

  constructor(
    private readonly claims: BuildClaimsStore,
    private readonly leases: LeaseKeeper,
    private readonly folders: BuildFolders,
    private readonly sessions: BuildSessions,
    private readonly steps: BuildSteps,
  ) {}

  /** Never rejects: what cannot be written now is written by whoever finds the lease expired. */
  async run(build: ClaimedBuild): Promise<void> {
    const hold = this.leases.hold(build);
    const session = this.sessions.open(build);
    const folder = this.folders.of(build);
    try {
      await this.#announce(build, session);
      const reference = await this.#story(build, { hold, session, folder });
      if (await session.finish())
        await untilAnswered(hold.signal, () => this.claims.succeed(worker, build, reference));
    } catch (error) {
      await this.#end(build, { hold, session, folder }, error).catch((reason: unknown) => {
        // The claim is lost or the process stops: the sweeper ends or restarts this build from the ledger.
        this.#logger.warn(`Build ${build.id} was left to the sweeper: ${String(reason)}`);
      });
    } finally {
      session.close();
      hold.release();
      await folder.remove();
    }
  }

  async #announce(build: ClaimedBuild, session: BuildSession): Promise<void> {
    if (build.attempt > 1) {
      await session.log.system(
        `Attempt ${build.attempt} starts. What the attempt before had not stored yet is lost.`,
      );
    }
  }

  async #story(build: ClaimedBuild, run: BuildRun): Promise<string | null> {
    if (build.attempt > 1) await this.folders.sweep();
    await run.folder.create();
    const digest = build.keptDigest ?? (await this.#make(build, run));
    return build.pushToRegistry ? this.steps.push(build, run, digest) : null;
  }

  async #make(build: ClaimedBuild, run: BuildRun): Promise<string> {
    await this.steps.checkOut(build, run);
    const image = await this.steps.build(build, run);
    return this.steps.keep(build, run, image);
  }

  async #end(build: ClaimedBuild, run: BuildRun, error: unknown): Promise<void> {
    const stop = stopOf(run.hold.signal);
    if (stop?.reason === 'lost') return;
    run.session.steps.endOpen(stop === null ? 'failed' : 'cancelled');
    if (stop === null) return this.#fail(build, run, error);
    await run.session.log.system(stopSentences[stop.reason]);
    if (!(await run.session.finish())) return;
    const reason = stop.reason;
    // After its own stop the signal is spent; only a lost claim or an answer ends the wait.
    const patience = new AbortController().signal;
    if (reason === 'shutdown') await untilAnswered(patience, () => this.claims.handOver(worker, build));
    else
      await untilAnswered(patience, () =>
        this.claims.stop(worker, build, { reason, isConfirmed: !(error instanceof StopUnconfirmed) }),
      );
  }

  async #fail(build: ClaimedBuild, run: BuildRun, error: unknown): Promise<void> {
    const failure = this.#describe(build, run.session, error);
    await run.session.log.system(failure.message);
    if (!(await run.session.finish())) return;
    await untilAnswered(run.hold.signal, () => this.claims.fail(worker, build, failure));
  }

  #describe(build: ClaimedBuild, session: BuildSession, error: unknown): BuildFailure {
    if (error instanceof BuildError) {
      const detail = error.detail ?? session.log.lastLines();
      return {
        code: error.code,
        message: session.log.mask(error.message),
        detail: detail === null ? null : session.log.mask(detail),
      };
    }
    const code = (error as NodeJS.ErrnoException | null)?.code;
    if (code === 'ENOSPC' || code === 'EDQUOT') {
      return {
        code: 'no_space',
        message: 'The disk of the worker is full. Free some space, then build again.',
        detail: null,
      };
    }
    this.#logger.error(
      `Build ${build.id}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
    return {
      code: 'internal',
      message:
        'NoHands itself failed at this build; the log of the worker says more. Build again, and report it if it stays.',
      detail: null,
    };
  }
}

/** One run of one build: what holds it, what it tells, where it works. */
export type BuildRun = { readonly hold: Hold; readonly session: BuildSession; readonly folder: BuildFolder };

const stopSentences = {
  requested: 'Cancelled on request.',
  superseded: 'Cancelled: a newer build of the same branch takes its place.',
  timeout: 'Stopped: the build took longer than it may.',
  shutdown: 'The worker stops; another attempt will start the build again.',
} as const;

function stopOf(signal: AbortSignal): BuildStop | null {
  return signal.aborted && signal.reason instanceof BuildStop ? signal.reason : null;
}
