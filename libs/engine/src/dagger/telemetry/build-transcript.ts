import type { LogStream, StepStatus } from '@nohands/domain';
import type { BuildSink } from '../../build-engine.js';
import type { PlannedStep } from '../../dockerfile-plan.js';
import { readCall, type EngineCall } from './call-arguments.js';
import { DockerfileProgress } from './dockerfile-progress.js';
import { nameInstruction } from './instruction-name.js';
import { decodeRecords, decodeSpans, type TelemetryRecord, type TelemetrySpan } from './otlp-messages.js';
import type { TelemetryKind } from './otlp-receiver.js';
import { StepReporter, type FailedStep } from './step-reporter.js';

/** How the engine names the span that stands for a planned call's real work; it links to the planned one. */
const resumePrefix = 'resume ';
const blamedCall = 'blamed';
const buildSpanName = 'Directory.dockerBuild';

/**
 * Turns telemetry into steps and output. A span that came before its instruction is known waits; a call that was only
 * planned becomes a step when its work starts; what was there already is a cached step.
 */
export class BuildTranscript {
  private readonly calls = new Map<string, EngineCall>();
  private readonly isPlanned = new Set<string>();
  private readonly waitingRecords = new Map<string, TelemetryRecord[]>();
  private readonly waitingSpans = new Map<string, TelemetrySpan[]>();
  private readonly otherSpans = new Set<string>();
  /** The spans of the whole build: output of a RUN that the engine does not name hangs on them. */
  private readonly buildSpans = new Set<string>();
  private buildEnd: { hasFailed: boolean; exitCode: number | null; completedAt: number } | null = null;
  private readonly steps: StepReporter;
  private readonly progress: DockerfileProgress;

  /** `unfinished`: indexes of the plan in which an earlier build of the same steps ended. */
  constructor(sink: BuildSink, plan: readonly PlannedStep[], unfinished: ReadonlySet<number>) {
    this.steps = new StepReporter(sink);
    this.progress = new DockerfileProgress(plan, this.steps, unfinished);
  }

  /** Takes one batch; batches are to come one after the other. */
  async read(kind: TelemetryKind, body: Buffer): Promise<void> {
    if (kind === 'traces') {
      for (const span of decodeSpans(body)) await this.readSpan(span);
    } else {
      for (const record of decodeRecords(body)) await this.readRecord(record);
    }
  }

  /**
   * No more telemetry will come: hands on what still waits and ends every open step with `rest`. Resolves to the step
   * that failed, if one did; `failed` is the command the engine blames, which it may not have named before.
   */
  async finish(
    rest: Exclude<StepStatus, 'running'>,
    failed: FailedCommand | null = null,
  ): Promise<FailedStep | null> {
    for (const records of this.waitingRecords.values()) {
      for (const record of records) await this.steps.write(null, streamOf(record), record.text);
    }
    this.waitingRecords.clear();
    if (this.buildEnd !== null) this.progress.endSilent(this.buildEnd);
    if (failed !== null && this.progress.unfinished === null) this.failCommand(failed);
    this.progress.finish(rest === 'success');
    return this.steps.finish(rest);
  }

  /** The index in the plan of the RUN that a failed or cancelled build ended in; null when none is known. */
  get unfinished(): number | null {
    return this.progress.unfinished;
  }

  private async readSpan(span: TelemetrySpan): Promise<void> {
    if (span.name.startsWith(resumePrefix)) return this.readResume(span);
    const call = this.callOf(span);
    if (call === null) {
      if (span.name === buildSpanName) return this.readBuildSpan(span);
      this.otherSpans.add(span.id);
      this.waitingRecords.delete(span.id);
      return;
    }
    if (!this.calls.has(span.id)) await this.learn(span, call);
    if (span.endedAt === null) return;
    if (span.attributes.get('dagger.io/dag.pending') === true) this.isPlanned.add(span.id);
    // The end of a planned call that works already says nothing: its work is told by the span that resumes it.
    else if (!this.isPlanned.has(span.id)) this.endStep(span.id, span);
  }

  private failCommand({ args, exitCode }: FailedCommand): void {
    const now = Date.now();
    const ending = { hasFailed: true, isCached: false, exitCode, completedAt: now, hasOutput: false };
    this.progress.start(blamedCall, { field: 'withExec', args: new Map([['args', args]]) }, now);
    this.progress.end(blamedCall, ending);
  }

  private async readBuildSpan({ id, endedAt, hasFailed, exitCode }: TelemetrySpan): Promise<void> {
    this.buildSpans.add(id);
    for (const record of this.waitingRecords.get(id) ?? []) await this.readRecord(record);
    this.waitingRecords.delete(id);
    if (endedAt !== null) this.buildEnd = { hasFailed, exitCode, completedAt: endedAt };
  }

  private async readSilentRecord(record: TelemetryRecord): Promise<void> {
    const step = this.progress.startSilent(Number(record.time / 1_000_000n));
    if (record.attributes.get('stdio.eof') === true) this.progress.closeSilent();
    else await this.steps.write(step, streamOf(record), record.text);
  }

  /** The call of a span that stands for an instruction which does work; null for all others. */
  private callOf(span: TelemetrySpan): EngineCall | null {
    const attribute = span.attributes.get('dagger.io/dag.call');
    if (typeof attribute !== 'string' || span.attributes.get('dagger.io/ui.internal') === true) return null;
    const call = readCall(attribute);
    return call === null || nameInstruction(call) === null ? null : call;
  }

  private async learn({ id, startedAt }: TelemetrySpan, call: EngineCall): Promise<void> {
    this.calls.set(id, call);
    // A RUN may only be planned here; a COPY is always done at once.
    if (call.field !== 'withExec') this.progress.start(id, call, startedAt);
    for (const resume of this.waitingSpans.get(id) ?? []) await this.readResume(resume);
    this.waitingSpans.delete(id);
    for (const record of this.waitingRecords.get(id) ?? []) await this.readRecord(record);
    this.waitingRecords.delete(id);
  }

  private async readResume(span: TelemetrySpan): Promise<void> {
    const [planned] = span.linkedIds;
    if (planned === undefined || this.otherSpans.has(planned)) return;
    const call = this.calls.get(planned);
    if (call === undefined) return keep(this.waitingSpans, planned, span);
    if (call.field !== 'withExec') return;
    this.isPlanned.add(planned);
    this.progress.start(planned, call, span.startedAt);
    if (span.endedAt !== null) this.endStep(planned, span);
  }

  private endStep(id: string, span: TelemetrySpan): void {
    const call = this.calls.get(id);
    if (call === undefined) return;
    this.progress.start(id, call, span.startedAt);
    this.progress.end(id, {
      hasFailed: span.hasFailed,
      isCached: span.attributes.get('dagger.io/dag.cached') === true,
      exitCode: span.exitCode,
      completedAt: span.endedAt ?? span.startedAt,
      hasOutput: call.field === 'withExec',
    });
  }

  private async readRecord(record: TelemetryRecord): Promise<void> {
    if (!isOutput(record) || this.otherSpans.has(record.spanId)) return;
    if (this.buildSpans.has(record.spanId)) return this.readSilentRecord(record);
    const call = this.calls.get(record.spanId);
    if (call === undefined) return keep(this.waitingRecords, record.spanId, record);
    this.progress.start(record.spanId, call, Number(record.time / 1_000_000n));
    const step = this.progress.stepOf(record.spanId);
    if (record.attributes.get('stdio.eof') === true) this.steps.closeStream(step);
    else await this.steps.write(step, streamOf(record), record.text);
  }
}

/** A RUN that failed, as the engine's error tells it. */
export type FailedCommand = { readonly args: readonly string[]; readonly exitCode: number };

function isOutput(record: TelemetryRecord): boolean {
  return record.attributes.has('stdio.stream') && record.attributes.get('dagger.io/logs.verbose') !== true;
}

function streamOf(record: TelemetryRecord): LogStream {
  return record.attributes.get('stdio.stream') === 2 ? 'stderr' : 'stdout';
}

function keep<T>(waiting: Map<string, T[]>, id: string, value: T): void {
  const kept = waiting.get(id);
  if (kept === undefined) waiting.set(id, [value]);
  else kept.push(value);
}
