import { Component, computed, input } from '@angular/core';

/** The shape of rows to come. Shown only after 200 ms, so that a quick answer never flickers. */
@Component({
  selector: 'nh-skeleton',
  template: `<span class="hidden-text" role="status">Loading</span>
    @for (row of shape(); track row) {
      <div class="row" aria-hidden="true"><span></span><span></span><span></span></div>
    }`,
  styles: `
    :host {
      position: relative;
      display: block;
      opacity: 0;
      animation: nh-appear 0s 200ms forwards;
    }
    @keyframes nh-appear {
      to {
        opacity: 1;
      }
    }
    .row {
      display: flex;
      align-items: center;
      gap: var(--space-4);
      height: 40px;
      padding: 0 var(--space-4);
      border-bottom: 1px solid var(--line);
    }
    .row:last-child {
      border-bottom: 0;
    }
    .row span {
      height: 10px;
      border-radius: 5px;
      background: var(--sunken);
      flex: 1 1 20%;
    }
    .row span:first-child {
      flex: 0 0 15%;
    }
    .row span:nth-child(2) {
      flex-basis: 45%;
    }
  `,
})
export class Skeleton {
  readonly rows = input(5);
  protected readonly shape = computed(() => Array.from({ length: this.rows() }, (_, index) => index));
}
