import type { Routes } from '@angular/router';
import { adminOnly, signedIn } from './shell/session-guards';

export const routes: Routes = [
  { path: 'setup', loadComponent: () => import('./admin/setup-page').then((m) => m.SetupPage) },
  { path: 'login', loadComponent: () => import('./admin/login-page').then((m) => m.LoginPage) },
  {
    path: '',
    canActivate: [signedIn],
    loadComponent: () => import('./shell/frame').then((m) => m.Frame),
    children: [
      { path: '', pathMatch: 'full', redirectTo: 'repositories' },
      {
        path: 'repositories',
        loadComponent: () => import('./projects/repositories-page').then((m) => m.RepositoriesPage),
      },
      {
        path: 'repositories/:id',
        loadComponent: () => import('./projects/repository-page').then((m) => m.RepositoryPage),
      },
      { path: 'builds', loadComponent: () => import('./builds/builds-page').then((m) => m.BuildsPage) },
      { path: 'builds/:id', loadComponent: () => import('./builds/build-page').then((m) => m.BuildPage) },
      { path: 'tokens', loadComponent: () => import('./admin/tokens-page').then((m) => m.TokensPage) },
      { path: 'welcome', loadComponent: () => import('./admin/welcome-page').then((m) => m.WelcomePage) },
      {
        path: 'admin',
        canActivate: [adminOnly],
        loadChildren: () => import('./admin/admin-routes').then((m) => m.adminRoutes),
      },
      { path: '**', loadComponent: () => import('./shell/not-found-page').then((m) => m.NotFoundPage) },
    ],
  },
];
