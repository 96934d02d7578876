import { Component, computed, input } from '@angular/core';
import {
  mdiAlertOctagon,
  mdiCheckCircle,
  mdiClockOutline,
  mdiMinusCircleOutline,
  mdiPlayCircle,
} from '@mdi/js';
import type { BuildStatus } from '@nohands/api-client';
import { Icon } from './icon';

const shapes: Record<BuildStatus, string> = {
  pending: mdiClockOutline,
  running: mdiPlayCircle,
  success: mdiCheckCircle,
  failed: mdiAlertOctagon,
  cancelled: mdiMinusCircleOutline,
};

/** The word people read for a state. */
export const stateWords: Record<BuildStatus, string> = {
  pending: 'waiting',
  running: 'running',
  success: 'success',
  failed: 'failed',
  cancelled: 'cancelled',
};

/** A state as shape, colour and word: the same everywhere. */
@Component({
  selector: 'nh-build-state',
  imports: [Icon],
  template: `<nh-icon [path]="shape()" /><span [class.hidden-text]="isBare()">{{ word() }}</span>`,
  host: { '[attr.data-state]': 'status()', '[attr.title]': 'isBare() ? word() : null' },
  styles: `
    :host {
      display: inline-flex;
      align-items: center;
      gap: 6px;
      font-weight: 500;
      white-space: nowrap;
      vertical-align: middle;
      color: var(--ink-quiet);
    }
    :host([data-state='success']) {
      color: var(--success);
    }
    :host([data-state='failed']) {
      color: var(--failed);
    }
    :host([data-state='running']) {
      color: var(--accent);
    }
    :host([data-state='pending']) {
      color: var(--waiting);
    }
  `,
})
export class BuildState {
  readonly status = input.required<BuildStatus>();
  /** Where the word would be repeated in every row: it stays for screen readers and on hover. */
  readonly isBare = input(false);
  protected readonly shape = computed(() => shapes[this.status()]);
  protected readonly word = computed(() => stateWords[this.status()]);
}
