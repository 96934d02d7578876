import { Component, input } from '@angular/core';
import { Icon } from './icon';

/** Says what an empty place is for; the one next step is put between its tags. */
@Component({
  selector: 'nh-empty',
  imports: [Icon],
  template: `<nh-icon [path]="icon()" />
    <h2>{{ heading() }}</h2>
    <p class="quiet">{{ text() }}</p>
    <ng-content />`,
  styles: `
    :host {
      display: flex;
      flex-direction: column;
      align-items: center;
      text-align: center;
      padding: var(--space-6) var(--space-4);
    }
    nh-icon {
      width: 36px;
      height: 36px;
      color: var(--line-strong);
      margin-bottom: var(--space-3);
    }
    p {
      max-width: 46ch;
      margin: var(--space-1) 0 var(--space-4);
    }
  `,
})
export class EmptyState {
  readonly icon = input.required<string>();
  readonly heading = input.required<string>();
  readonly text = input.required<string>();
}
