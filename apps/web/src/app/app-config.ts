import { provideHttpClient, withInterceptors } from '@angular/common/http';
import { type ApplicationConfig, provideBrowserGlobalErrorListeners } from '@angular/core';
import { MATERIAL_ANIMATIONS } from '@angular/material/core';
import {
  provideRouter,
  withComponentInputBinding,
  withInMemoryScrolling,
  PreloadAllModules,
  withPreloading,
} from '@angular/router';
import { provideApiConfiguration } from '@nohands/api-client';
import { routes } from './app-routes';
import { returnToSignIn } from './shell/return-to-sign-in';

export const appConfig: ApplicationConfig = {
  providers: [
    provideBrowserGlobalErrorListeners(),
    provideRouter(
      routes,
      withPreloading(PreloadAllModules),
      withComponentInputBinding(),
      withInMemoryScrolling({ scrollPositionRestoration: 'enabled' }),
    ),
    provideHttpClient(withInterceptors([returnToSignIn])),
    provideApiConfiguration(''),
    // Nothing moves for longer than 150 ms: menus and dialogs are there at once.
    { provide: MATERIAL_ANIMATIONS, useValue: { animationsDisabled: true } },
  ],
};
