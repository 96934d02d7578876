import { randomBytes } from 'node:crypto';

const shared = [
  "default-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "object-src 'none'",
];

/** The policy of the dashboard: its styles carry the nonce of this one response, no inline script ever runs. */
export function dashboardPolicy(nonce: string): string {
  return [
    ...shared,
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "style-src-attr 'none'",
    "require-trusted-types-for 'script'",
    'trusted-types angular angular#components',
  ].join('; ');
}

/** The policy of everything else. */
export const strictPolicy = [...shared, "script-src 'self'", "style-src 'self'"].join('; ');

/** The page of the API documentation brings inline styles, and shows nothing that a user wrote. */
export const documentationPolicy = [...shared, "script-src 'self'", "style-src 'self' 'unsafe-inline'"].join(
  '; ',
);

export const securityHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': strictPolicy,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

export function makeNonce(): string {
  return randomBytes(18).toString('base64');
}
