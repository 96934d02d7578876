const windowMs = 60_000;
const freeDeaths = 3;
const longestDelayMs = 30_000;

/** A dead process comes back at once; after three deaths within a minute with a growing pause. */
export class RestartPolicy {
  #deaths: number[] = [];

  /** Notes a death at `now` (milliseconds) and answers how long to wait before the restart, in milliseconds. */
  delayAfterDeath(now: number): number {
    this.#deaths = [...this.#deaths.filter((death) => now - death < windowMs), now];
    const extra = this.#deaths.length - freeDeaths;
    return extra <= 0 ? 0 : Math.min(longestDelayMs, 1000 * 2 ** (extra - 1));
  }
}
