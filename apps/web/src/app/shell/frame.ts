import { Component, DestroyRef, computed, effect, inject } from '@angular/core';
import { MatDialog } from '@angular/material/dialog';
import { RouterLink, RouterLinkActive, RouterOutlet } from '@angular/router';
import { Router } from '@angular/router';
import { mdiCogOutline, mdiHammerWrench, mdiMagnify, mdiSourceRepository } from '@mdi/js';
import { LiveSocket } from '../live/live-socket';
import { Icon } from '../look/icon';
import { Notice } from '../look/notice';
import { AccountMenu } from './account-menu';
import { PageTrail } from './page-trail';
import { Session } from './session';
import { type Shortcut, Shortcuts } from './shortcuts';
import { StandingWarnings } from './standing-warnings';

/** Rail, top bar and what stands above every page. */
@Component({
  selector: 'nh-frame',
  imports: [RouterOutlet, RouterLink, RouterLinkActive, Icon, Notice, AccountMenu],
  templateUrl: './frame.html',
  styleUrl: './frame.scss',
})
export class Frame {
  private readonly dialog = inject(MatDialog);
  private readonly router = inject(Router);
  protected readonly session = inject(Session);
  protected readonly live = inject(LiveSocket);
  protected readonly warnings = inject(StandingWarnings);
  protected readonly page = inject(PageTrail).page;
  protected readonly searchIcon = mdiMagnify;

  protected readonly places = computed(() => [
    { label: 'Repositories', link: '/repositories', icon: mdiSourceRepository },
    { label: 'Builds', link: '/builds', icon: mdiHammerWrench },
    ...(this.session.isAdmin() ? [{ label: 'Admin', link: '/admin', icon: mdiCogOutline }] : []),
  ]);

  constructor() {
    inject(DestroyRef).onDestroy(inject(Shortcuts).add(this.shortcuts()));
    inject(DestroyRef).onDestroy(() => this.live.disconnect());
    // A connection is also refused when the session has ended: then this answers 401 and leads to the sign-in page.
    effect(() => {
      if (this.live.failures() > 0) void this.session.load().catch(() => undefined);
    });
    // The server came back: what was unknown while it was away is asked again.
    effect(() => {
      if (!this.live.isOpen()) return;
      void this.warnings.look();
      if (this.session.me() === null) void this.session.load().catch(() => undefined);
    });
  }

  protected async openPalette(): Promise<void> {
    const { Palette } = await import('./palette');
    this.dialog.open(Palette, {
      width: '620px',
      position: { top: '12vh' },
      ariaLabel: 'Search',
      enterAnimationDuration: 0,
    });
  }

  private async openKeys(): Promise<void> {
    const { KeysHelp } = await import('./keys-help');
    this.dialog.open(KeysHelp, { width: '460px', enterAnimationDuration: 0 });
  }

  private shortcuts(): readonly Shortcut[] {
    const go = (path: string) => () => void this.router.navigateByUrl(path);
    return [
      { keys: 'Ctrl+k', does: 'Search repositories, builds and pages', run: () => void this.openPalette() },
      { keys: '?', does: 'These keys', run: () => void this.openKeys() },
      { keys: 'g r', does: 'Go to the repositories', run: go('/repositories') },
      { keys: 'g b', does: 'Go to the builds', run: go('/builds') },
      { keys: 'g t', does: 'Go to your API tokens', run: go('/tokens') },
      ...(this.session.isAdmin()
        ? [{ keys: 'g a', does: 'Go to the administration', run: go('/admin') }]
        : []),
    ];
  }
}
