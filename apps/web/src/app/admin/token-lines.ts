import { Component, computed, input } from '@angular/core';
import { CopyButton } from '../look/copy-button';
import { Notice } from '../look/notice';
import { curlLines } from './curl-lines';

/** A new token, shown this once, and the calls with it filled in. */
@Component({
  selector: 'nh-token-lines',
  imports: [CopyButton, Notice],
  template: `
    <nh-notice kind="warning"
      >Copy the token now: it is shown this once and not stored. Whoever has it may do what you
      may.</nh-notice
    >
    <div class="line token">
      <code>{{ token() }}</code><nh-copy [text]="token()" what="token" />
    </div>
    <h2>Try it</h2>
    @for (call of lines(); track call.what) {
      <div class="what quiet small">{{ call.what }}</div>
      <div class="line">
        <code>{{ call.line }}</code><nh-copy [text]="call.line" [what]="'command: ' + call.what" />
      </div>
    }
  `,
  styles: `
    .line {
      display: flex;
      align-items: flex-start;
      gap: var(--space-2);
      padding: var(--space-2) var(--space-2) var(--space-2) var(--space-3);
      background: var(--sunken);
      border: 1px solid var(--line);
      border-radius: var(--radius);
    }
    code {
      flex: 1;
      min-width: 0;
      padding: 4px 0;
      font-size: 12.5px;
      word-break: break-all;
    }
    .token {
      margin: var(--space-3) 0 var(--space-5);
    }
    .what {
      margin: var(--space-3) 0 var(--space-1);
    }
  `,
})
export class TokenLines {
  readonly token = input.required<string>();
  protected readonly lines = computed(() => curlLines(location.origin, this.token()));
}
