import { Component, computed, inject, input } from '@angular/core';
import { Clock } from './clock';
import { formatAge, formatExactTime } from './format';

/** "5 min ago", with the exact time on hover. */
@Component({
  selector: 'nh-time',
  template: '<time [attr.datetime]="at()" [attr.title]="exact()">{{ age() }}</time>',
  styles: `
    :host {
      white-space: nowrap;
    }
  `,
})
export class RelativeTime {
  readonly at = input.required<string>();
  private readonly clock = inject(Clock);
  protected readonly exact = computed(() => formatExactTime(this.at()));
  protected readonly age = computed(() => formatAge(Date.parse(this.at()), this.clock.moment()));
}
