/** A bell that several can wait for: a ring before the wait is not lost. */
export class WakeUp {
  #count = 0;
  #waiting = new Set<() => void>();

  /** How often it rang; what `wait` compares with. */
  get count(): number {
    return this.#count;
  }

  ring(): void {
    this.#count += 1;
    const waiting = this.#waiting;
    this.#waiting = new Set();
    for (const wake of waiting) wake();
  }

  /** Resolves at the first ring after `seen`, after so many milliseconds, or when `signal` aborts. */
  async wait(seen: number, milliseconds: number, signal: AbortSignal): Promise<void> {
    if (this.#count !== seen || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', wake);
        this.#waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, milliseconds);
      signal.addEventListener('abort', wake, { once: true });
      this.#waiting.add(wake);
    });
  }
}
