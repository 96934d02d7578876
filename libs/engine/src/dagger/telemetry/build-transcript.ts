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
  private readonly steps: StepReporter;
  private readonly progress: DockerfileProgress;

  constructor(sink: BuildSink, plan: readonly PlannedStep[]) {
    this.steps = new StepReporter(sink);
    this.progress = new DockerfileProgress(plan, this.steps);
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
   * that failed, if one did.
   */
  async finish(rest: Exclude<StepStatus, 'running'>): Promise<FailedStep | null> {
    for (const records of this.waitingRecords.values()) {
      for (const record of records) await this.steps.write(null, streamOf(record), record.text);
    }
    this.waitingRecords.clear();
    this.progress.finish(rest === 'success');
    return this.steps.finish(rest);
  }

  private async readSpan(span: TelemetrySpan): Promise<void> {
    if (span.name.startsWith(resumePrefix)) return this.readResume(span);
    const call = this.callOf(span);
    if (call === null) {
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
    const call = this.calls.get(record.spanId);
    if (call === undefined) return keep(this.waitingRecords, record.spanId, record);
    this.progress.start(record.spanId, call, Number(record.time / 1_000_000n));
    const step = this.progress.stepOf(record.spanId);
    if (record.attributes.get('stdio.eof') === true) this.steps.closeStream(step);
    else await this.steps.write(step, streamOf(record), record.text);
  }
}

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
