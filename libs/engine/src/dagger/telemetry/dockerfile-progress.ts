import type { PlannedStep } from '../../dockerfile-plan.js';
import type { EngineCall } from './call-arguments.js';
import { matchStep } from './match-step.js';
import { nameInstruction } from './instruction-name.js';
import { SilentRuns } from './silent-runs.js';
import type { StepEnding, StepReporter } from './step-reporter.js';
import { chainOfStages, findUsedStages } from './used-stages.js';

type Progress = {
  readonly step: PlannedStep;
  readonly id: string;
  isReported: boolean;
  /** What is known of a step that may not be reported yet: the engine copies before it runs. */
  known: { startedAt: number; ending: StepEnding | null } | null;
};

/**
 * Tells the engine's calls as the steps of the Dockerfile, in the order of their stages. The engine is silent about
 * what only changes the configuration and about a RUN it finds in its cache; when a later step runs on top of it, or
 * the build succeeds, it is known to be done.
 */
export class DockerfileProgress {
  private readonly progress: readonly Progress[];
  private readonly idOfCall = new Map<string, string>();
  private readonly silent: SilentRuns;
  private hasUnknownWork = false;

  constructor(
    private readonly plan: readonly PlannedStep[],
    private readonly reporter: StepReporter,
    unfinished: ReadonlySet<number>,
  ) {
    this.silent = new SilentRuns(plan, unfinished);
    this.progress = plan.map((step, index) => ({
      step,
      id: `plan-${index}`,
      isReported: false,
      known: null,
    }));
  }

  /** The work of a call has begun; `callId` is the same for all that is told of it. */
  start(callId: string, call: EngineCall, startedAt: number): void {
    if (this.idOfCall.has(callId)) return;
    const found = matchStep(call, this.plan, (index) => this.progress[index]?.known !== null);
    const progress = found === null ? undefined : this.progress[found];
    if (progress === undefined) {
      this.hasUnknownWork = true;
      this.idOfCall.set(callId, callId);
      this.reporter.start(callId, nameInstruction(call) ?? call.field, startedAt);
      return;
    }
    this.idOfCall.set(callId, progress.id);
    progress.known ??= { startedAt, ending: null };
    if (isRun(progress.step) || this.isNext(progress)) this.reportUpTo(progress, startedAt);
  }

  end(callId: string, ending: StepEnding): void {
    const id = this.idOfCall.get(callId) ?? callId;
    const progress = this.progress.find((candidate) => candidate.id === id);
    if (progress?.known != null) progress.known.ending ??= ending;
    this.reporter.end(id, ending);
  }

  /** The name under which the reporter knows the step of a call. */
  stepOf(callId: string): string {
    return this.idOfCall.get(callId) ?? callId;
  }

  /** Output of a RUN that the engine does not name: the reporter's name of its step, or null when it cannot be told. */
  startSilent(at: number): string | null {
    const { index, passed } = this.silent.next();
    if (passed !== null) this.endIndex(passed, { hasFailed: false, exitCode: 0, completedAt: at });
    const progress = index === null ? undefined : this.progress[index];
    if (progress === undefined) {
      this.hasUnknownWork = true;
      return null;
    }
    progress.known ??= { startedAt: at, ending: null };
    this.reportUpTo(progress, at);
    return progress.id;
  }

  /** One of the two streams of such a RUN is complete. */
  closeSilent(): void {
    this.silent.closeStream();
  }

  /** The whole build has ended, and with it the RUN that was not named, if there was one. */
  endSilent(ending: Pick<StepEnding, 'hasFailed' | 'exitCode' | 'completedAt'>): void {
    if (this.silent.last !== null && (!ending.hasFailed || ending.exitCode !== null)) {
      this.endIndex(this.silent.last, ending);
    }
  }

  /** The index in the plan of the RUN that a failed or cancelled build ended in; null when none is known. */
  get unfinished(): number | null {
    const index = this.progress.findLastIndex(
      ({ step, known }) => isRun(step) && known !== null && (known.ending === null || known.ending.hasFailed),
    );
    return index === -1 ? null : index;
  }

  /** No more is to come: after success everything left was in the cache, else only what is known is told. */
  finish(isSuccess: boolean): void {
    const used = isSuccess ? findUsedStages(this.plan) : new Set<number>();
    const now = Date.now();
    for (const stage of new Set(this.plan.map((step) => step.stage))) {
      const steps = this.progress.filter(({ step }) => step.stage === stage);
      const last = used.has(stage) ? steps.at(-1) : steps.findLast(({ known }) => known !== null);
      if (last !== undefined) this.reportUpTo(last, now);
    }
  }

  private endIndex(index: number, ending: Pick<StepEnding, 'hasFailed' | 'exitCode' | 'completedAt'>): void {
    const progress = this.progress[index];
    if (progress === undefined) return;
    this.end(progress.id, { ...ending, isCached: false, hasOutput: false });
  }

  private isNext(progress: Progress): boolean {
    return this.before(progress).every(({ isReported, step }) => isReported || !hasWork(step));
  }

  /** All that is done when this step starts: the stages below its own, and what stands before it in its own. */
  private before({ step: { stage, position } }: Progress): Progress[] {
    const chain = chainOfStages(this.plan, stage);
    return this.progress.filter(
      ({ step }) => chain.includes(step.stage) && (step.stage !== stage || step.position < position),
    );
  }

  private reportUpTo(progress: Progress, at: number): void {
    for (const each of [...this.before(progress), progress]) {
      if (each.isReported) continue;
      each.isReported = true;
      this.reporter.start(each.id, each.step.name, each.known?.startedAt ?? at);
      const ending = each.known === null ? this.passed(each.step, at) : each.known.ending;
      if (ending !== null) this.reporter.end(each.id, ending);
    }
  }

  private passed(step: PlannedStep, completedAt: number): StepEnding {
    // Work that matched no step may have been this one: then it is not said to come from the cache.
    const isCached = hasWork(step) && !this.hasUnknownWork;
    return { hasFailed: false, isCached, exitCode: null, completedAt, hasOutput: false };
  }
}

function isRun(step: PlannedStep): boolean {
  return step.word.toUpperCase() === 'RUN';
}

function hasWork(step: PlannedStep): boolean {
  return ['RUN', 'COPY', 'ADD'].includes(step.word.toUpperCase());
}
