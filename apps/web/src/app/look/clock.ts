import { Injectable, computed, signal } from '@angular/core';

/** The one ticking clock of the page: running durations read `second`, ages read `moment`. */
@Injectable({ providedIn: 'root' })
export class Clock {
  readonly second = signal(Date.now());
  /** Changes every ten seconds only, so that lists of ages are not drawn again every second. */
  readonly moment = computed(() => Math.floor(this.second() / 10_000) * 10_000);

  constructor() {
    setInterval(() => this.second.set(Date.now()), 1000);
  }
}
