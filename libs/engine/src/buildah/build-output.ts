import type { Readable } from 'node:stream';
import type { StepStatus } from '@nohands/domain';
import type { BuildSink } from '../build-engine.js';
import type { PlannedStep } from '../dockerfile-plan.js';
import { MarkerReader, type OutputEvent } from './marker-reader.js';

/** How long a possible beginning of a marker is held back, in milliseconds. */
const holdMs = 200;
const tailBytes = 8 * 1024;
const errorTailBytes = 64 * 1024;

type RunningStep = { readonly number: number; readonly name: string; isCached: boolean };

/** Takes what one buildah writes, finds the steps in it, and hands everything to the sink, live and in order. */
export class BuildOutput {
  private readonly reader: MarkerReader;
  private step: RunningStep | null = null;
  private stepsStarted = 0;
  private errorTail = '';
  private tail = '';
  private queue: Promise<void> = Promise.resolve();
  private holdTimer: NodeJS.Timeout | undefined;

  constructor(
    plan: readonly PlannedStep[],
    private readonly sink: BuildSink,
  ) {
    this.reader = new MarkerReader(plan);
  }

  /** Reads both streams to their end; rejects when the sink does. */
  async read(stdout: Readable, stderr: Readable): Promise<void> {
    await Promise.all([
      this.pump(stdout, (text) => {
        clearTimeout(this.holdTimer);
        this.holdTimer = setTimeout(() => this.flushHeld(), holdMs);
        return this.deliver(this.reader.read(text));
      }),
      this.pump(stderr, (text) => {
        this.errorTail = (this.errorTail + text).slice(-errorTailBytes);
        return this.enqueue(() => this.write('stderr', text));
      }),
    ]).finally(() => clearTimeout(this.holdTimer));
  }

  /** Ends the running step; call once, after `read`. */
  async finish(status: Exclude<StepStatus, 'running'>, exitCode: number | null): Promise<void> {
    await this.deliver(this.reader.end(status === 'success'));
    this.endStep(status, exitCode);
  }

  /** What the error of a failed build is made of. */
  describe(): { readonly stderr: string; readonly stepName: string | null; readonly lastLines: string } {
    const lastLines = decode(this.tail).split('\n').slice(-30).join('\n');
    return { stderr: decode(this.errorTail), stepName: this.step?.name ?? null, lastLines };
  }

  private async pump(stream: Readable, take: (text: string) => Promise<void>): Promise<void> {
    for await (const chunk of stream) await take((chunk as Buffer).toString('latin1'));
  }

  private flushHeld(): void {
    // A failing sink is met again by the next chunk, which somebody awaits.
    this.deliver(this.reader.flush()).catch(() => undefined);
  }

  private deliver(events: readonly OutputEvent[]): Promise<void> {
    return this.enqueue(async () => {
      for (const event of events) await this.handle(event);
    });
  }

  /** One after the other, both streams: a slow sink must not see a later event first, or two at once. */
  private enqueue(task: () => Promise<void>): Promise<void> {
    this.queue = this.queue.then(task);
    return this.queue;
  }

  private async handle(event: OutputEvent): Promise<void> {
    switch (event.kind) {
      case 'text':
        return this.write('stdout', event.text);
      case 'cached':
        if (this.step !== null) this.step.isCached = true;
        return;
      case 'step':
        this.endStep('success', 0);
        if (event.step.isAdded) return;
        this.stepsStarted += 1;
        this.step = { number: this.stepsStarted, name: event.step.name, isCached: false };
        return this.sink.stepStarted({
          number: this.step.number,
          name: this.step.name,
          startedAt: Date.now(),
        });
    }
  }

  private async write(stream: 'stdout' | 'stderr', text: string): Promise<void> {
    this.tail = (this.tail + text).slice(-tailBytes);
    await this.sink.output(this.step?.number ?? null, stream, Buffer.from(text, 'latin1'));
  }

  private endStep(status: Exclude<StepStatus, 'running'>, exitCode: number | null): void {
    if (this.step === null) return;
    const { number, isCached } = this.step;
    this.sink.stepEnded({ number, status, cached: isCached, completedAt: Date.now(), exitCode });
    if (status === 'success') this.step = null;
  }
}

function decode(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString('utf8');
}
