import { Component, input, output } from '@angular/core';
import { MatButton } from '@angular/material/button';
import type { Problem } from '../shell/problem';
import { Notice } from './notice';

/** An error of the server in its own words, with the way to try again. */
@Component({
  selector: 'nh-problem',
  imports: [Notice, MatButton],
  template: `<nh-notice kind="error">
    <strong>{{ problem().title }}</strong>
    <div>{{ problem().detail }}</div>
    @for (error of problem().errors; track error.pointer) {
      <div>
        <code>{{ error.pointer }}</code> {{ error.detail }}
      </div>
    }
    @if (canRetry()) {
      <button matButton type="button" (click)="retry.emit()">Try again</button>
    }
  </nh-notice>`,
  styles: `
    :host {
      display: block;
      margin-bottom: var(--space-4);
    }
    button {
      margin: var(--space-1) 0 0 -12px;
    }
  `,
})
export class ProblemNotice {
  readonly problem = input.required<Problem>();
  readonly canRetry = input(false);
  readonly retry = output();
}
