import { Component, inject } from '@angular/core';
import { MatButton } from '@angular/material/button';
import { RouterLink } from '@angular/router';
import { mdiKeyOutline } from '@mdi/js';
import { EmptyState } from '../look/empty-state';
import { showInTrail } from '../shell/page-trail';
import { FreshToken } from './fresh-token';
import { TokenLines } from './token-lines';

@Component({
  selector: 'nh-welcome-page',
  imports: [EmptyState, MatButton, RouterLink, TokenLines],
  host: { class: 'page narrow' },
  template: `
    <header class="page-head">
      <h1>Your API token</h1>
      <a matButton="filled" routerLink="/repositories">Go to the repositories</a>
    </header>
    @if (token(); as token) {
      <nh-token-lines [token]="token" />
    } @else {
      <nh-empty
        [icon]="icon"
        heading="The token was shown once"
        text="It is not stored, so it cannot be shown again. Another one takes a moment."
      >
        <a matButton="outlined" routerLink="/tokens">Make another token</a>
      </nh-empty>
    }
  `,
})
export class WelcomePage {
  protected readonly token = inject(FreshToken).value;
  protected readonly icon = mdiKeyOutline;

  constructor() {
    showInTrail(() => ({ title: 'Your API token' }));
  }
}
