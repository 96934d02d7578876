import { Component } from '@angular/core';
import { MatButton } from '@angular/material/button';
import { RouterLink } from '@angular/router';
import { mdiMapMarkerQuestionOutline } from '@mdi/js';
import { EmptyState } from '../look/empty-state';
import { showInTrail } from './page-trail';

@Component({
  selector: 'nh-not-found-page',
  imports: [EmptyState, MatButton, RouterLink],
  host: { class: 'page' },
  template: `
    <h1 class="hidden-text">Not found</h1>
    <nh-empty
      [icon]="icon"
      heading="There is no page here"
      text="The address may be mistyped, or the thing it named was deleted."
    >
      <a matButton="filled" routerLink="/repositories">Go to the repositories</a>
    </nh-empty>
  `,
})
export class NotFoundPage {
  protected readonly icon = mdiMapMarkerQuestionOutline;

  constructor() {
    showInTrail(() => ({ title: 'Not found' }));
  }
}
