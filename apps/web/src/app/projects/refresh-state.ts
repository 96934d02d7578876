import { Component, input } from '@angular/core';
import { mdiAlertCircleOutline, mdiCheck, mdiSync } from '@mdi/js';
import type { RepositoryDto } from '@nohands/api-client';
import { Icon } from '../look/icon';
import { RelativeTime } from '../look/relative-time';

/** How the last look at the remote ended, as shape, colour and word. */
@Component({
  selector: 'nh-refresh-state',
  imports: [Icon, RelativeTime],
  template: `
    @switch (repository().refresh_status) {
      @case ('running') {
        <span class="running"><nh-icon [path]="icons.running" />refreshing…</span>
      }
      @case ('failed') {
        <span class="failed" [title]="repository().refresh_error ?? ''"
          ><nh-icon [path]="icons.failed" />refresh failed</span
        >
      }
      @case ('idle') {
        @if (repository().refreshed_at; as at) {
          <span><nh-icon [path]="icons.idle" /><nh-time [at]="at" /></span>
        } @else {
          <span>not yet</span>
        }
      }
    }
  `,
  styles: `
    span {
      display: inline-flex;
      align-items: center;
      gap: 6px;
      white-space: nowrap;
    }
    .running {
      color: var(--accent);
    }
    .failed {
      color: var(--failed);
    }
  `,
})
export class RefreshState {
  readonly repository = input.required<RepositoryDto>();
  protected readonly icons = { running: mdiSync, failed: mdiAlertCircleOutline, idle: mdiCheck };
}
