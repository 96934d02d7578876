import type { PlannedStep } from '../../dockerfile-plan.js';

const streamsOfRun = 2;

/**
 * Which RUN it is that the engine runs without naming it: its output hangs on the span of the whole build. The first is
 * the one in which an earlier build of the same steps ended; each that has closed its two streams is followed by the
 * next RUN of its stage.
 */
export class SilentRuns {
  private current: number | null | undefined;
  private closedStreams = 0;

  constructor(
    private readonly plan: readonly PlannedStep[],
    private readonly unfinished: ReadonlySet<number>,
  ) {}

  /** The index of the RUN that writes now, or null where that cannot be told; `passed` is the one it followed. */
  next(): { readonly index: number | null; readonly passed: number | null } {
    if (this.current === undefined) {
      const [first] = [...this.unfinished].sort((a, b) => a - b);
      this.current = first ?? null;
      return { index: this.current, passed: null };
    }
    if (this.current === null || this.closedStreams < streamsOfRun)
      return { index: this.current, passed: null };
    const passed = this.current;
    this.closedStreams = 0;
    this.current = this.following(passed);
    return { index: this.current, passed };
  }

  closeStream(): void {
    this.closedStreams += 1;
  }

  /** The RUN that wrote last, if any is known. */
  get last(): number | null {
    return this.current ?? null;
  }

  private following(index: number): number | null {
    const stage = this.plan[index]?.stage;
    const found = this.plan.findIndex(
      (step, candidate) => candidate > index && step.stage === stage && step.word.toUpperCase() === 'RUN',
    );
    return found === -1 ? null : found;
  }
}
