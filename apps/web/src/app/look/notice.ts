import { Component, computed, input } from '@angular/core';
import { mdiAlertCircleOutline, mdiAlertOutline, mdiInformationOutline } from '@mdi/js';
import { Icon } from './icon';

const shapes = { error: mdiAlertCircleOutline, warning: mdiAlertOutline, information: mdiInformationOutline };

/** A sentence that stays until its cause is gone: an error, a warning, a hint. */
@Component({
  selector: 'nh-notice',
  imports: [Icon],
  template: `<nh-icon [path]="shape()" />
    <div><ng-content /></div>`,
  host: { '[attr.data-kind]': 'kind()', '[attr.role]': "kind() === 'error' ? 'alert' : 'note'" },
  styles: `
    :host {
      display: flex;
      gap: var(--space-3);
      padding: var(--space-3) var(--space-4);
      border-radius: var(--radius);
      border: 1px solid color-mix(in srgb, currentColor 25%, transparent);
      background: var(--accent-soft);
      color: var(--accent);
    }
    :host([data-kind='error']) {
      background: var(--failed-soft);
      color: var(--failed);
    }
    :host([data-kind='warning']) {
      background: var(--waiting-soft);
      color: var(--waiting);
    }
    nh-icon {
      margin-top: 1px;
    }
    div {
      flex: 1;
      min-width: 0;
      color: var(--ink);
    }
  `,
})
export class Notice {
  readonly kind = input.required<keyof typeof shapes>();
  protected readonly shape = computed(() => shapes[this.kind()]);
}
