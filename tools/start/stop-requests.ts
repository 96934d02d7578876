/** A repeat within this time is the same wish: Ctrl-C in a terminal arrives once from it and once from npm. */
const sameWishMs = 1000;

/** Collects every way of asking to stop: the first request stops in good order, a later one at once. */
export class StopRequests {
  readonly #stop = new AbortController();
  readonly #hurry = new AbortController();
  #firstAt = 0;

  /** Aborted by the first request. */
  get stop(): AbortSignal {
    return this.#stop.signal;
  }

  /** Aborted by a second request that is not a mere repeat. */
  get hurry(): AbortSignal {
    return this.#hurry.signal;
  }

  request(): void {
    if (!this.#stop.signal.aborted) {
      this.#firstAt = performance.now();
      this.#stop.abort();
    } else if (performance.now() - this.#firstAt > sameWishMs) this.#hurry.abort();
  }

  /** Listens to signals and to the launcher: its message `stop`, and its end. */
  listen(): void {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => this.request());
    process.on('message', (message) => {
      if (message === 'stop') this.request();
    });
    process.once('disconnect', () => this.request());
  }
}
