import { SecretMasker, type StepStatus } from '@nohands/domain';
import type { BuildSink } from '@nohands/engine';
import { BuildLog, type BuildLogLimits } from './build-log.js';
import type { LogOutlet } from './log.flusher.js';
import { StepRecorder } from './step-recorder.js';

/** What one attempt tells the world while it runs: its log and its steps. */
export class BuildSession {
  readonly log: BuildLog;

  constructor(
    readonly steps: StepRecorder,
    private readonly outlet: LogOutlet,
    options: {
      readonly secrets: readonly string[];
      readonly limits: BuildLogLimits;
      readonly bytesBefore: number;
    },
  ) {
    this.log = new BuildLog(outlet, new SecretMasker(options.secrets), {
      ...options.limits,
      bytesBefore: options.bytesBefore,
    });
  }

  /** Runs a step of our own (checkout, keep, push): begun, ended, failed or cancelled with what `work` does. */
  async step<Result>(
    name: string,
    signal: AbortSignal,
    work: (step: number) => Promise<Result>,
  ): Promise<Result> {
    signal.throwIfAborted();
    const number = this.steps.begin(name);
    let status: Exclude<StepStatus, 'running'> = 'failed';
    try {
      const result = await work(number);
      status = 'success';
      return result;
    } catch (error) {
      if (signal.aborted) status = 'cancelled';
      throw error;
    } finally {
      this.log.endStep(number);
      this.steps.end(number, { status });
    }
  }

  /** Where an engine reports: its steps follow the ones that were begun before. */
  engineSink(): BuildSink {
    const numbers = new Map<number, number>();
    const ours = (theirs: number | null): number | null =>
      theirs === null ? null : (numbers.get(theirs) ?? null);
    return {
      stepStarted: ({ number, name, startedAt }) => {
        numbers.set(number, this.steps.begin(this.log.mask(name), startedAt));
      },
      stepEnded: ({ number, completedAt, ...end }) => {
        const step = ours(number);
        if (step === null) return;
        this.log.endStep(step);
        this.steps.end(step, end, completedAt);
      },
      output: (step, stream, bytes) => this.log.output(ours(step), stream, bytes),
    };
  }

  /** Resolves when every line and step is stored; false when the claim was lost. */
  async finish(): Promise<boolean> {
    const [isOurs] = await Promise.all([this.log.finish(), this.steps.settled()]);
    return isOurs;
  }

  close(): void {
    this.outlet.close();
  }
}
