import type { PlannedStep } from '../dockerfile-plan.js';

/** What buildah's standard output means, in order. Text is latin1: one character per byte, bytes unchanged. */
export type OutputEvent =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'step'; readonly step: PlannedStep }
  | { readonly kind: 'cached' };

const cacheLine = /^--> Using cache [0-9a-f]{64}\n/;
const longestMarkerLine = 1024 * 1024;

/**
 * Finds the step markers in what buildah and RUN write to one stream. Only the next expected marker of the Dockerfile
 * is believed, wherever in a line it stands (RUN output without a line end is glued to it): a RUN can forge the next
 * marker of its own build, never reorder or invent steps.
 */
export class MarkerReader {
  private held = '';
  private next = 0;
  /** True until the running step has written something: only there "Using cache" is buildah's. */
  private isFresh = false;

  constructor(private readonly plan: readonly PlannedStep[]) {}

  read(chunk: string): OutputEvent[] {
    const events: OutputEvent[] = [];
    let text = this.held + chunk;
    this.held = '';
    for (let marker = this.findMarker(text); marker !== null; marker = this.findMarker(text)) {
      this.pushText(events, text.slice(0, marker.start));
      if (marker.end === null) {
        this.held = text.slice(marker.start);
        return events;
      }
      events.push({ kind: 'step', step: marker.step });
      this.next += 1;
      this.isFresh = true;
      text = text.slice(marker.end);
    }
    this.pushTail(events, text);
    return events;
  }

  /** What was held back because it could have become a marker; call when nothing followed for a moment. */
  flush(): OutputEvent[] {
    const events: OutputEvent[] = [];
    if (this.next < this.plan.length || this.held !== this.commitLine()) {
      this.pushText(events, this.held);
      this.held = '';
    }
    return events;
  }

  /** The rest, at the end of the stream. The last line of a build that succeeded is buildah's own. */
  end(isSuccess: boolean): OutputEvent[] {
    const events: OutputEvent[] = [];
    if (!isSuccess || this.held !== this.commitLine()) this.pushText(events, this.held);
    this.held = '';
    return events;
  }

  private findMarker(text: string): { start: number; end: number | null; step: PlannedStep } | null {
    const step = this.plan[this.next];
    if (step === undefined) return null;
    const start = text.indexOf(markerOf(step));
    if (start < 0) return null;
    const lineEnd = text.indexOf('\n', start);
    if (lineEnd < 0)
      return { start, end: text.length - start > longestMarkerLine ? text.length : null, step };
    return { start, end: lineEnd + 1, step };
  }

  private pushText(events: OutputEvent[], text: string): void {
    let rest = text;
    if (this.isFresh && cacheLine.test(rest)) {
      events.push({ kind: 'cached' });
      this.isFresh = false;
      rest = rest.replace(cacheLine, '');
    }
    if (rest === '') return;
    this.isFresh = false;
    events.push({ kind: 'text', text: rest });
  }

  private pushTail(events: OutputEvent[], text: string): void {
    const keep = this.lengthToHold(text);
    const ready = text.slice(0, text.length - keep);
    this.held = text.slice(text.length - keep);
    this.pushText(events, ready);
  }

  /** How many characters at the end could still become a marker. */
  private lengthToHold(text: string): number {
    if (this.isFresh && isBeginning(text, '--> Using cache ')) return text.length;
    const step = this.plan[this.next];
    const marker = step === undefined ? this.commitLine() : markerOf(step);
    for (let length = Math.min(marker.length, text.length); length > 0; length -= 1) {
      if (text.endsWith(marker.slice(0, length))) return length;
    }
    return 0;
  }

  private commitLine(): string {
    const last = this.plan.at(-1);
    return last === undefined ? '' : `${stagePrefix(last)}COMMIT\n`;
  }
}

function isBeginning(text: string, whole: string): boolean {
  if (text.includes('\n')) return false;
  return text.length > 0 && (whole.startsWith(text) || text.startsWith(whole));
}

function markerOf(step: PlannedStep): string {
  return `${stagePrefix(step)}STEP ${step.position}/${step.stepCount}: ${step.word}`;
}

function stagePrefix(step: PlannedStep): string {
  return step.stageCount > 1 ? `[${step.stage}/${step.stageCount}] ` : '';
}
