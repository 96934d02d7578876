import { signal } from '@angular/core';
import { type Problem, readProblem } from '../shell/problem';

/** What a page loads: keeps the last good value while it loads again, and says what went wrong meanwhile. */
export class Loaded<Value> {
  readonly value = signal<Value | undefined>(undefined);
  readonly problem = signal<Problem | undefined>(undefined);
  private latest = 0;

  /** Only the newest answer counts: a slow older one is dropped. */
  async load(work: () => Promise<Value>): Promise<void> {
    const mine = ++this.latest;
    try {
      const value = await work();
      if (mine !== this.latest) return;
      this.value.set(value);
      this.problem.set(undefined);
    } catch (error) {
      if (mine === this.latest) this.problem.set(readProblem(error));
    }
  }

  clear(): void {
    this.latest += 1;
    this.value.set(undefined);
    this.problem.set(undefined);
  }
}
