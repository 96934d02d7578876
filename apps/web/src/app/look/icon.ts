import { Component, input } from '@angular/core';

/** Draws a path of @mdi/js; decoration only, the word stands beside it. */
@Component({
  selector: 'nh-icon',
  template:
    '<svg viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path [attr.d]="path()" fill="currentColor" /></svg>',
  styles: `
    :host {
      display: inline-flex;
      flex: none;
      width: 1.25em;
      height: 1.25em;
    }
    svg {
      width: 100%;
      height: 100%;
    }
  `,
})
export class Icon {
  readonly path = input.required<string>();
}
