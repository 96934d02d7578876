import { Component, inject } from '@angular/core';
import { MatButton } from '@angular/material/button';
import { MatDialogActions, MatDialogClose, MatDialogContent, MatDialogTitle } from '@angular/material/dialog';
import { Shortcuts } from './shortcuts';

@Component({
  selector: 'nh-keys-help',
  imports: [MatDialogTitle, MatDialogContent, MatDialogActions, MatDialogClose, MatButton],
  template: `
    <h2 mat-dialog-title>Keys on this page</h2>
    <mat-dialog-content>
      <dl>
        @for (shortcut of shortcuts.known(); track shortcut) {
          <div>
            <dt>
              @for (key of shortcut.keys.split(' '); track $index) {
                <kbd>{{ key.replace('+k', ' K') }}</kbd>
              }
            </dt>
            <dd>{{ shortcut.does }}</dd>
          </div>
        }
        <div>
          <dt><kbd>Tab</kbd> <kbd>Enter</kbd> <kbd>Esc</kbd></dt>
          <dd>Move, press, close</dd>
        </div>
      </dl>
    </mat-dialog-content>
    <mat-dialog-actions align="end"><button matButton matDialogClose>Close</button></mat-dialog-actions>
  `,
  styles: `
    dl {
      margin: 0;
    }
    div {
      display: flex;
      gap: var(--space-4);
      padding: 6px 0;
    }
    dt {
      flex: 0 0 130px;
    }
    dd {
      margin: 0;
    }
  `,
})
export class KeysHelp {
  protected readonly shortcuts = inject(Shortcuts);
}
