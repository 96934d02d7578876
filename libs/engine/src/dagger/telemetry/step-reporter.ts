import type { LogStream, StepStatus } from '@nohands/domain';
import type { BuildSink } from '../../build-engine.js';

export type StepEnding = {
  readonly hasFailed: boolean;
  readonly isCached: boolean;
  readonly exitCode: number | null;
  readonly completedAt: number;
  /** True for a step that writes output and says when its streams end. */
  readonly hasOutput: boolean;
};

export type FailedStep = {
  readonly number: number;
  readonly name: string;
  readonly exitCode: number | null;
  /** Its last output, at most 4 KiB. */
  readonly tail: string;
};

type Step = {
  readonly number: number;
  readonly name: string;
  tail: string;
  closedStreams: number;
  ending: StepEnding | null;
  isReported: boolean;
};

const tailLimit = 4096;
const streamsOfStep = 2;

/** Numbers steps in order of start, and holds the end of one back until its output is complete. */
export class StepReporter {
  private readonly steps = new Map<string, Step>();

  constructor(private readonly sink: BuildSink) {}

  /** Starts the step unless it has started already. */
  start(id: string, name: string, startedAt: number): void {
    if (this.steps.has(id)) return;
    const step: Step = {
      number: this.steps.size + 1,
      name,
      tail: '',
      closedStreams: 0,
      ending: null,
      isReported: false,
    };
    this.steps.set(id, step);
    this.sink.stepStarted({ number: step.number, name, startedAt });
  }

  /** Hands text on as it was written; `id` null for what belongs to no known step. */
  async write(id: string | null, stream: LogStream, text: string): Promise<void> {
    if (text === '') return;
    const step = id === null ? undefined : this.steps.get(id);
    if (step !== undefined) step.tail = (step.tail + text.slice(-tailLimit)).slice(-tailLimit);
    await this.sink.output(step?.number ?? null, stream, Buffer.from(text, 'utf8'));
  }

  /** One of the two streams of a step is complete. */
  closeStream(id: string): void {
    const step = this.steps.get(id);
    if (step === undefined) return;
    step.closedStreams += 1;
    this.reportIfComplete(step);
  }

  end(id: string, ending: StepEnding): void {
    const step = this.steps.get(id);
    if (step === undefined) return;
    step.ending ??= ending;
    this.reportIfComplete(step);
  }

  /** Ends every step that still runs with `rest`; answers the step that failed first, or null. */
  finish(rest: Exclude<StepStatus, 'running'>): FailedStep | null {
    for (const step of this.steps.values()) {
      if (!step.isReported) this.report(step, step.ending === null ? rest : statusOf(step.ending));
    }
    const failed = [...this.steps.values()].find((step) => step.ending?.hasFailed === true);
    if (failed === undefined) return null;
    const { number, name, tail, ending } = failed;
    return { number, name, tail, exitCode: ending?.exitCode ?? null };
  }

  private reportIfComplete(step: Step): void {
    const { ending } = step;
    if (ending === null || step.isReported) return;
    const awaitsOutput = ending.hasOutput && !ending.isCached && step.closedStreams < streamsOfStep;
    if (!awaitsOutput) this.report(step, statusOf(ending));
  }

  private report(step: Step, status: Exclude<StepStatus, 'running'>): void {
    step.isReported = true;
    this.sink.stepEnded({
      number: step.number,
      status,
      cached: step.ending?.isCached ?? false,
      completedAt: step.ending?.completedAt ?? Date.now(),
      exitCode: step.ending?.exitCode ?? null,
    });
  }
}

function statusOf(ending: StepEnding): 'success' | 'failed' {
  return ending.hasFailed ? 'failed' : 'success';
}
