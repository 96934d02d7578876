import { Component, inject, input, output } from '@angular/core';
import { MatButton } from '@angular/material/button';
import { MatMenu, MatMenuItem, MatMenuTrigger } from '@angular/material/menu';
import { mdiChevronDown } from '@mdi/js';
import { Icon } from '../look/icon';
import { Session } from '../shell/session';

/** Build; where a registry is configured also "build and push". Emits whether to push. */
@Component({
  selector: 'nh-build-button',
  imports: [MatButton, MatMenu, MatMenuItem, MatMenuTrigger, Icon],
  template: `
    <button
      matButton="outlined"
      type="button"
      [attr.aria-label]="'Build ' + what()"
      (click)="build.emit({ push_to_registry: false })"
    >
      Build
    </button>
    @if (session.me()?.registry; as registry) {
      <button
        type="button"
        class="icon-button"
        [matMenuTriggerFor]="more"
        [attr.aria-label]="'More ways to build ' + what()"
        title="Build and push"
      >
        <nh-icon [path]="chevron" />
      </button>
      <mat-menu #more="matMenu">
        <button mat-menu-item (click)="build.emit({ push_to_registry: true })">
          Build and push to {{ registry }}
        </button>
      </mat-menu>
    }
  `,
  styles: `
    :host {
      display: inline-flex;
      align-items: center;
      gap: 2px;
    }
  `,
})
export class BuildButton {
  readonly what = input.required<string>();
  readonly build = output<{ readonly push_to_registry: boolean }>();
  protected readonly session = inject(Session);
  protected readonly chevron = mdiChevronDown;
}
