import { Component } from '@angular/core';
import { RouterLink, RouterLinkActive, RouterOutlet } from '@angular/router';

const parts = [
  { label: 'Queue', link: '/admin/queue' },
  { label: 'Users', link: '/admin/users' },
  { label: 'Tokens', link: '/admin/tokens' },
  { label: 'Repositories', link: '/admin/repositories' },
];

@Component({
  selector: 'nh-admin-page',
  imports: [RouterLink, RouterLinkActive, RouterOutlet],
  host: { class: 'page' },
  template: `
    <header class="page-head"><h1>Administration</h1></header>
    <nav aria-label="Administration">
      @for (part of parts; track part.link) {
        <a [routerLink]="part.link" routerLinkActive="here" ariaCurrentWhenActive="page">{{ part.label }}</a>
      }
    </nav>
    <router-outlet />
  `,
  styles: `
    nav {
      display: flex;
      flex-wrap: wrap;
      gap: 2px var(--space-1);
      border-bottom: 1px solid var(--line);
      margin-bottom: var(--space-4);
    }
    a {
      display: inline-flex;
      align-items: center;
      min-height: 40px;
      padding: 0 var(--space-3);
      color: var(--ink-quiet);
      border-bottom: 2px solid transparent;
      margin-bottom: -1px;
    }
    a:hover {
      color: var(--ink);
      text-decoration: none;
    }
    a.here {
      color: var(--accent);
      border-bottom-color: var(--accent);
      font-weight: 600;
    }
  `,
})
export class AdminPage {
  protected readonly parts = parts;
}
