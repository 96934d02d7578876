import { Component, input, output, signal } from '@angular/core';
import { MatButton } from '@angular/material/button';
import type { TokenDto } from '@nohands/api-client';
import { formatExactTime } from '../look/format';
import { RelativeTime } from '../look/relative-time';

type Row = TokenDto & { readonly user_email?: string };

/** Tokens by their first characters. Revoking asks once more, in place. */
@Component({
  selector: 'nh-token-table',
  imports: [MatButton, RelativeTime],
  template: `
    @if (tokens().length > 0) {
      <table class="rows stacks">
        <thead>
          <tr>
            <th scope="col">Name</th>
            @if (showsOwner()) {
              <th scope="col">Owner</th>
            }
            <th scope="col">Begins with</th>
            <th scope="col">Made</th>
            <th scope="col">Used</th>
            <th scope="col">Ends</th>
            <th scope="col"><span class="hidden-text">Revoke</span></th>
          </tr>
        </thead>
        <tbody>
          @for (token of tokens(); track token.id) {
            <tr>
              <td class="wide">
                <strong>{{ token.name }}</strong>
              </td>
              @if (showsOwner()) {
                <td>{{ token.user_email }}</td>
              }
              <td>
                <code>{{ token.prefix }}…</code>
              </td>
              <td class="quiet" data-label="made"><nh-time [at]="token.created_at" /></td>
              <td class="quiet" data-label="used">
                @if (token.last_used_at; as at) {
                  <nh-time [at]="at" />
                } @else {
                  never
                }
              </td>
              <td class="quiet" data-label="ends">
                {{ token.expires_at ? exact(token.expires_at) : 'never' }}
              </td>
              <td class="end">
                @if (asked() === token.id) {
                  <button
                    matButton="filled"
                    class="danger"
                    type="button"
                    (click)="asked.set(null); revoke.emit(token)"
                  >
                    Revoke it
                  </button>
                  <button matButton type="button" (click)="asked.set(null)">Keep</button>
                } @else {
                  <button
                    matButton
                    class="danger"
                    type="button"
                    [attr.aria-label]="'Revoke ' + token.name"
                    (click)="asked.set(token.id)"
                  >
                    Revoke
                  </button>
                }
              </td>
            </tr>
          }
        </tbody>
      </table>
    } @else {
      <p class="quiet">No token yet. The form above makes one.</p>
    }
  `,
  styles: `
    p {
      padding: var(--space-4);
      margin: 0;
    }
    .end {
      white-space: nowrap;
    }
  `,
})
export class TokenTable {
  readonly tokens = input.required<readonly Row[]>();
  readonly showsOwner = input(false);
  readonly revoke = output<Row>();
  protected readonly asked = signal<number | null>(null);
  protected readonly exact = formatExactTime;
}
