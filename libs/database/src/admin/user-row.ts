import { Problem } from '@nohands/domain';
import { brokenConstraint } from '../sql.js';

/** A user as lists show them; never the password. */
export type UserRow = {
  readonly id: number;
  readonly email: string;
  readonly name: string;
  readonly isAdmin: boolean;
  readonly createdAt: Date;
  readonly disabledAt: Date | null;
};

/** What sign-in needs beside; stays between the store and the password check. */
export type UserWithPassword = UserRow & { readonly passwordHash: string | null };

/** Columns of `UserRow` for a statement with `users u`. */
export const userColumns = `u.id, u.email, u.name, u.is_admin AS "isAdmin", u.created_at AS "createdAt",
  u.disabled_at AS "disabledAt"`;

/** One address, one account: addresses are kept in lower case. */
export function normaliseEmail(email: string): string {
  return email.trim().toLowerCase();
}

/** Turns the violation of the unique address into its problem and gives every other error back as it is. */
export function emailTaken(error: unknown): unknown {
  if (brokenConstraint(error) !== 'uq_users_email') return error;
  const detail = 'There is already a user with this email address.';
  return new Problem('conflict', detail, [{ pointer: '/email', detail }]);
}
