import { HttpErrorResponse, type HttpInterceptorFn } from '@angular/common/http';
import { inject } from '@angular/core';
import { Router } from '@angular/router';
import { tap } from 'rxjs';
import { Session } from './session';

/** A session that ended while a page was open leads to the sign-in page, and from there back to the same address. */
export const returnToSignIn: HttpInterceptorFn = (request, next) => {
  const router = inject(Router);
  const session = inject(Session);
  return next(request).pipe(
    tap({
      error: (error: unknown) => {
        if (!(error instanceof HttpErrorResponse) || error.status !== 401 || session.me() === null) return;
        session.forget();
        void router.navigate(['/login'], { queryParams: { next: router.url } });
      },
    }),
  );
};
