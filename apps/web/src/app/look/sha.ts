import { Component, computed, input } from '@angular/core';
import { CopyButton } from './copy-button';

/** A SHA or digest: short to read, whole to copy. */
@Component({
  selector: 'nh-sha',
  imports: [CopyButton],
  template: `<code [title]="sha()">{{ short() }}</code
    ><nh-copy [text]="sha()" [what]="what()" />`,
  styles: `
    :host {
      display: inline-flex;
      align-items: center;
      gap: 2px;
      white-space: nowrap;
    }
  `,
})
export class Sha {
  readonly sha = input.required<string>();
  readonly what = input('SHA');
  protected readonly short = computed(() => {
    const [algorithm, hex] = this.sha().split(':');
    return hex === undefined ? this.sha().slice(0, 8) : `${algorithm}:${hex.slice(0, 12)}`;
  });
}
