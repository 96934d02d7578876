import { isEmail } from 'class-validator';
import { invalidField } from '../http/api-problems.errors.js';

/** Problem `invalid_fields` unless it can be an address; names without a dot are fine inside a company. */
export function requireEmail(email: string): void {
  const isAddress = isEmail(email.trim(), { require_tld: false, allow_utf8_local_part: true });
  if (!isAddress) throw invalidField('/email', 'must be an email address');
}
