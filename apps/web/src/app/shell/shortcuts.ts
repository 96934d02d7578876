import { Injectable, signal } from '@angular/core';

export type Shortcut = { readonly keys: string; readonly does: string; readonly run: () => void };

/**
 * Keys of the page. `keys` is one key ("f", "?"), a sequence ("g b") or "Ctrl+k". Keys typed into a field or while a
 * dialog is open belong to that.
 */
@Injectable({ providedIn: 'root' })
export class Shortcuts {
  readonly known = signal<readonly Shortcut[]>([]);
  private pending = '';
  private pendingSince = 0;

  constructor() {
    document.addEventListener('keydown', (event) => this.press(event));
  }

  /** Adds keys; the answer takes them away again. */
  add(shortcuts: readonly Shortcut[]): () => void {
    this.known.update((known) => [...known, ...shortcuts]);
    return () => this.known.update((known) => known.filter((shortcut) => !shortcuts.includes(shortcut)));
  }

  private press(event: KeyboardEvent): void {
    const key =
      (event.ctrlKey || event.metaKey) && !event.altKey ? `Ctrl+${event.key.toLowerCase()}` : event.key;
    const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey;
    if (isPlain && isTyping(event.target)) return;
    if (document.querySelector('mat-dialog-container') !== null) return;
    const sequence =
      event.timeStamp - this.pendingSince < 1000 && this.pending !== '' ? `${this.pending} ${key}` : key;
    const found = this.find(sequence) ?? this.find(key);
    this.pending = found ? '' : key;
    this.pendingSince = event.timeStamp;
    if (!found) return;
    event.preventDefault();
    found.run();
  }

  private find(keys: string): Shortcut | undefined {
    return this.known().findLast((shortcut) => shortcut.keys === keys);
  }
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && target.closest('input, textarea, select, [contenteditable]') !== null
  );
}
