import { Component, computed, inject, input } from '@angular/core';
import { Clock } from './clock';
import { formatDuration } from './format';

/** How long something took, or has been running until now. */
@Component({
  selector: 'nh-duration',
  template: '{{ text() }}',
  host: { class: 'number' },
  styles: ':host { white-space: nowrap }',
})
export class BuildDuration {
  readonly since = input.required<string | null>();
  readonly until = input.required<string | null>();
  private readonly clock = inject(Clock);
  protected readonly text = computed(() => {
    const since = this.since();
    if (since === null) return '–';
    const until = this.until();
    const end = until === null ? this.clock.second() : Date.parse(until);
    const seconds = (end - Date.parse(since)) / 1000;
    return until === null
      ? formatDuration(Math.floor(Math.max(0, seconds))).replace('.0', '')
      : formatDuration(seconds);
  });
}
