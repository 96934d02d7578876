import type { ConfigurationValues } from './configuration.js';

type Rule = (values: ConfigurationValues) => string | null;

const sampleSecret =
  /django-insecure|change[-_ ]?me|your[-_ ]?secret|replace[-_ ]?(this|me)|use[-_ ]?openssl/i;

/** True for names and addresses that only this machine reaches. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

/** What no variable can judge alone; each rule answers with one sentence or null. */
export const rules: readonly Rule[] = [
  ({ host, allowedHosts }) =>
    !isLoopback(host) && allowedHosts.length === 0
      ? 'ALLOWED_HOSTS is needed when HOST is not a loopback address: list the names users type'
      : null,
  ({ databaseUrl, secretKey }) =>
    databaseUrl !== null && secretKey === null
      ? 'SECRET_KEY is needed with DATABASE_URL: 32 characters or more, for example from `openssl rand -base64 48` (coming from the embedded database: the content of DATA_DIR/secret.key)'
      : null,
  ({ secretKey }) =>
    secretKey !== null && sampleSecret.test(secretKey)
      ? 'SECRET_KEY is a sample that everybody knows: make one, for example with `openssl rand -base64 48`'
      : null,
  ({ adminEmail, adminPassword, adminToken }) =>
    adminEmail !== null && adminPassword === null && adminToken === null
      ? 'ADMIN_EMAIL needs ADMIN_PASSWORD or ADMIN_TOKEN beside it'
      : null,
  ({ adminEmail, adminPassword }) =>
    adminPassword !== null && adminEmail === null ? 'ADMIN_PASSWORD needs ADMIN_EMAIL beside it' : null,
  ({ adminEmail, adminToken }) =>
    adminToken !== null && adminEmail === null ? 'ADMIN_TOKEN needs ADMIN_EMAIL beside it' : null,
  ({ dockerRegistryUsername, dockerRegistryPassword }) =>
    (dockerRegistryUsername === null) !== (dockerRegistryPassword === null)
      ? 'DOCKER_REGISTRY_USERNAME and DOCKER_REGISTRY_PASSWORD need each other'
      : null,
];

/** What works but should be known; shown at start. */
export const cautions: readonly Rule[] = [
  ({ allowedHosts }) =>
    allowedHosts.includes('*')
      ? 'ALLOWED_HOSTS has *: any site may reach this server through a browser'
      : null,
  ({ buildIsolation }) =>
    buildIsolation === 'chroot' ? 'BUILD_ISOLATION=chroot: a Dockerfile may reach this machine' : null,
];
