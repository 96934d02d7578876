import { Logger } from '@nestjs/common';
import type { BuildStep, StepStatus } from '@nohands/domain';

export type StepEnd = {
  readonly status: Exclude<StepStatus, 'running'>;
  readonly cached?: boolean;
  readonly exitCode?: number | null;
};

/** Writes the steps of an attempt as they change: what changed meanwhile goes out together, one write at a time. */
export class StepRecorder {
  readonly #logger = new Logger(StepRecorder.name);
  readonly #save: (steps: readonly BuildStep[]) => Promise<unknown>;
  readonly #steps: BuildStep[] = [];
  #changed = new Set<number>();
  #flight: Promise<void> | null = null;

  constructor(save: (steps: readonly BuildStep[]) => Promise<unknown>) {
    this.#save = save;
  }

  /** Starts the next step and answers its number, from 1. */
  begin(name: string, startedAt = Date.now()): number {
    const number = this.#steps.length + 1;
    this.#steps.push({
      number,
      name,
      status: 'running',
      cached: false,
      startedAt,
      completedAt: null,
      exitCode: null,
    });
    this.#mark(number);
    return number;
  }

  end(number: number, end: StepEnd, completedAt = Date.now()): void {
    const step = this.#steps[number - 1];
    if (step === undefined || step.completedAt !== null) return;
    const { status, cached = false, exitCode = null } = end;
    this.#steps[number - 1] = { ...step, status, cached, exitCode, completedAt };
    this.#mark(number);
  }

  /** Ends what still runs, for a build that stops here. */
  endOpen(status: Exclude<StepStatus, 'running'>): void {
    for (const { number, completedAt } of this.#steps) if (completedAt === null) this.end(number, { status });
  }

  /** The name of the step that failed, or that still runs. */
  currentName(): string | null {
    return this.#steps.findLast(({ status }) => status === 'failed' || status === 'running')?.name ?? null;
  }

  /** Resolves when everything recorded so far is written (or could not be: the build goes on without). */
  async settled(): Promise<void> {
    while (this.#flight !== null) await this.#flight;
  }

  #mark(number: number): void {
    this.#changed.add(number);
    this.#flight ??= Promise.resolve().then(() => this.#write());
  }

  async #write(): Promise<void> {
    while (this.#changed.size > 0) {
      const numbers = [...this.#changed].sort((one, other) => one - other);
      this.#changed = new Set();
      try {
        await this.#save(numbers.map((number) => this.#steps[number - 1] as BuildStep));
      } catch (error) {
        // Steps are what people look at, not what the ledger decides by: the build goes on while the database is away.
        this.#logger.warn(
          `Steps could not be written: ${error instanceof Error ? error.message : String(error)}`,
        );
        numbers.forEach((number) => this.#changed.add(number));
        break;
      }
    }
    this.#flight = null;
  }
}
