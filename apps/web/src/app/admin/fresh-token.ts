import { Injectable, signal } from '@angular/core';

/** A token just made, on its way to the page that shows it once. Never stored: a reload forgets it. */
@Injectable({ providedIn: 'root' })
export class FreshToken {
  readonly value = signal<string | null>(null);
}
