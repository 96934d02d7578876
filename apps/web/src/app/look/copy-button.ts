import { Component, input, signal } from '@angular/core';
import { mdiAlertCircleOutline, mdiCheck, mdiContentCopy } from '@mdi/js';
import { Icon } from './icon';

const shapes = { ready: mdiContentCopy, copied: mdiCheck, refused: mdiAlertCircleOutline };

/** Copies a text and says so in place, for two seconds. */
@Component({
  selector: 'nh-copy',
  imports: [Icon],
  template: `
    <button
      type="button"
      class="icon-button"
      [attr.aria-label]="'Copy ' + what()"
      [title]="title()"
      (click)="copy()"
    >
      <nh-icon [path]="shapes[state()]" />
    </button>
    <span class="hidden-text" role="status">{{ state() === 'ready' ? '' : title() }}</span>
  `,
  styles: `
    :host {
      position: relative;
      display: inline-flex;
    }
    nh-icon {
      width: 16px;
      height: 16px;
    }
  `,
})
export class CopyButton {
  readonly text = input.required<string>();
  /** Names the thing for screen readers: "Copy digest". */
  readonly what = input.required<string>();
  protected readonly shapes = shapes;
  protected readonly state = signal<keyof typeof shapes>('ready');

  protected title(): string {
    const state = this.state();
    if (state === 'copied') return 'Copied';
    if (state === 'refused') return 'The browser refused: select the text and copy it by hand';
    return `Copy ${this.what()}`;
  }

  protected async copy(): Promise<void> {
    const isCopied = await writeClipboard(this.text());
    this.state.set(isCopied ? 'copied' : 'refused');
    setTimeout(() => this.state.set('ready'), 2000);
  }
}

/** The clipboard API exists only on https and localhost: elsewhere the old command does it. */
async function writeClipboard(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyByCommand(text);
  }
}

function copyByCommand(text: string): boolean {
  const area = document.createElement('textarea');
  area.value = text;
  area.setAttribute('readonly', '');
  document.body.append(area);
  area.select();
  const isCopied = document.execCommand('copy');
  area.remove();
  return isCopied;
}
