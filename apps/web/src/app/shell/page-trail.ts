import { Injectable, effect, inject, signal } from '@angular/core';
import type { BuildStatus } from '@nohands/api-client';
import { stateWords } from '../look/build-state';

export type Crumb = { readonly label: string; readonly link: string };
export type PageTrailEntry = {
  readonly title: string;
  /** The way here, without the page itself. */
  readonly crumbs?: readonly Crumb[];
  /** Shown in title and favicon, so that a tab in the background tells how the build stands. */
  readonly status?: BuildStatus;
};

/** Where the reader is: breadcrumb, document title and favicon follow it. */
@Injectable({ providedIn: 'root' })
export class PageTrail {
  readonly page = signal<PageTrailEntry>({ title: 'NoHands' });

  constructor() {
    effect(() => {
      const { title, crumbs, status } = this.page();
      const place = [title, ...(crumbs ?? []).map((crumb) => crumb.label).reverse()].join(' · ');
      document.title = status ? `${stateWords[status]}: ${place}` : `${place} – NoHands`;
      document.querySelector('link[rel=icon]')?.setAttribute('href', `states/${status ?? 'none'}.svg`);
    });
  }
}

/** Keeps breadcrumb and title true to `entry` for as long as the page lives. */
export function showInTrail(entry: () => PageTrailEntry): void {
  const trail = inject(PageTrail);
  effect(() => trail.page.set(entry()));
}
