/** Something the user can mend: the message says what happened, why, and what to do. */
export class LauncherError extends Error {
  name = 'LauncherError';
}
