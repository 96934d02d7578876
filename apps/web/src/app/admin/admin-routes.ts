import type { Routes } from '@angular/router';
import { AdminPage } from './admin-page';

export const adminRoutes: Routes = [
  {
    path: '',
    component: AdminPage,
    children: [
      { path: '', pathMatch: 'full', redirectTo: 'queue' },
      { path: 'queue', loadComponent: () => import('./queue-page').then((m) => m.QueuePage) },
      { path: 'users', loadComponent: () => import('./users-page').then((m) => m.UsersPage) },
      { path: 'tokens', loadComponent: () => import('./all-tokens-page').then((m) => m.AllTokensPage) },
      {
        path: 'repositories',
        loadComponent: () => import('./all-repositories-page').then((m) => m.AllRepositoriesPage),
      },
    ],
  },
];
