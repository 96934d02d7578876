import { Injectable, inject, signal } from '@angular/core';
import { Api, type ReadinessDto, getReadiness } from '@nohands/api-client';

const everyMilliseconds = 15_000;

/** What stands in the way of builds, and what an operator chose to live with: shown on every page until it is gone. */
@Injectable({ providedIn: 'root' })
export class StandingWarnings {
  private readonly api = inject(Api);
  readonly readiness = signal<ReadinessDto | null>(null);

  constructor() {
    void this.look();
    setInterval(() => void this.look(), everyMilliseconds);
  }

  async look(): Promise<void> {
    if (document.visibilityState === 'hidden' && this.readiness() !== null) return;
    try {
      this.readiness.set(await this.api.invoke(getReadiness));
    } catch {
      // No answer or 503: the live connection already says that the server is away.
    }
  }
}
