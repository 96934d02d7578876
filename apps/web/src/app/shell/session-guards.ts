import { inject } from '@angular/core';
import { type CanActivateFn, Router } from '@angular/router';
import { Api, getSetupState } from '@nohands/api-client';
import { readProblem } from './problem';
import { Session } from './session';

/** Lets the signed-in through; others go to the sign-in page and come back to the address they wanted. */
export const signedIn: CanActivateFn = async (_route, state) => {
  const session = inject(Session);
  const router = inject(Router);
  const api = inject(Api);
  if (session.me() !== null) return true;
  try {
    await session.load();
    return true;
  } catch (error) {
    // Without an answer the frame is shown all the same: it says so, and recovers by itself.
    if (readProblem(error).status !== 401) return true;
  }
  const isNew = await api.invoke(getSetupState).then(
    (setup) => setup.needed,
    () => false,
  );
  if (isNew) return router.createUrlTree(['/setup']);
  return router.createUrlTree(['/login'], { queryParams: state.url === '/' ? {} : { next: state.url } });
};

/** The admin pages are hidden from others; the server refuses them in any case. */
export const adminOnly: CanActivateFn = () => {
  const router = inject(Router);
  return inject(Session).isAdmin() ? true : router.createUrlTree(['/repositories']);
};
