import { Component, inject } from '@angular/core';
import { MatMenu, MatMenuItem, MatMenuTrigger } from '@angular/material/menu';
import { Router, RouterLink } from '@angular/router';
import {
  mdiAccountCircleOutline,
  mdiKeyOutline,
  mdiLogout,
  mdiThemeLightDark,
  mdiWeatherNight,
  mdiWeatherSunny,
} from '@mdi/js';
import { Icon } from '../look/icon';
import { Session } from './session';
import { Theme, type ThemeChoice, themeChoices } from './theme';

const themeWords: Record<ThemeChoice, string> = { system: 'As the system', light: 'Light', dark: 'Dark' };
const themeIcons: Record<ThemeChoice, string> = {
  system: mdiThemeLightDark,
  light: mdiWeatherSunny,
  dark: mdiWeatherNight,
};

@Component({
  selector: 'nh-account-menu',
  imports: [MatMenu, MatMenuItem, MatMenuTrigger, RouterLink, Icon],
  template: `
    <button
      type="button"
      class="icon-button"
      [matMenuTriggerFor]="themes"
      aria-label="Colours"
      title="Colours"
    >
      <nh-icon [path]="themeIcons[theme.choice()]" />
    </button>
    <mat-menu #themes="matMenu">
      @for (choice of themeChoices; track choice) {
        <button
          mat-menu-item
          role="menuitemradio"
          [attr.aria-checked]="theme.choice() === choice"
          (click)="theme.choose(choice)"
        >
          <span class="choice" [class.chosen]="theme.choice() === choice"
            ><nh-icon [path]="themeIcons[choice]" />{{ themeWords[choice] }}</span
          >
        </button>
      }
    </mat-menu>
    <button
      type="button"
      class="icon-button"
      [matMenuTriggerFor]="account"
      aria-label="Your account"
      title="Your account"
    >
      <nh-icon [path]="icons.account" />
    </button>
    <mat-menu #account="matMenu">
      @if (session.me(); as me) {
        <div class="who">
          <strong>{{ me.name }}</strong>
          <span class="quiet">{{ me.email }}</span>
        </div>
      }
      <a mat-menu-item routerLink="/tokens"
        ><span class="choice"><nh-icon [path]="icons.tokens" />API tokens</span></a
      >
      <button mat-menu-item (click)="signOut()">
        <span class="choice"><nh-icon [path]="icons.leave" />Sign out</span>
      </button>
    </mat-menu>
  `,
  styles: `
    :host {
      display: flex;
      gap: var(--space-1);
    }
    .icon-button {
      width: 36px;
      height: 36px;
    }
    .choice {
      display: flex;
      align-items: center;
      gap: var(--space-3);
    }
    .chosen {
      color: var(--accent);
      font-weight: 600;
    }
    .who {
      display: flex;
      flex-direction: column;
      padding: var(--space-2) var(--space-4) var(--space-3);
      border-bottom: 1px solid var(--line);
      margin-bottom: var(--space-1);
    }
  `,
})
export class AccountMenu {
  private readonly router = inject(Router);
  protected readonly session = inject(Session);
  protected readonly theme = inject(Theme);
  protected readonly themeChoices = themeChoices;
  protected readonly themeWords = themeWords;
  protected readonly themeIcons = themeIcons;
  protected readonly icons = { account: mdiAccountCircleOutline, tokens: mdiKeyOutline, leave: mdiLogout };

  protected async signOut(): Promise<void> {
    await this.session.signOut();
    await this.router.navigateByUrl('/login');
  }
}
