import { join } from 'node:path';
import * as as from './parsers.js';
import { variable } from './variable.js';

export const buildEngineChoices = ['auto', 'dagger', 'buildah'] as const;
/** Which engine builds; `auto` takes Dagger where one answers, else Buildah where it is safe. */
export type BuildEngineChoice = (typeof buildEngineChoices)[number];

export const buildIsolations = ['safe', 'chroot'] as const;
/** `safe`: builds are refused where the isolation self-test fails. `chroot`: the operator accepts weaker walls. */
export type BuildIsolation = (typeof buildIsolations)[number];

const mebibyte = 1024 * 1024;
const none: string | null = null;
const nothing: readonly string[] = [];

/** Every variable NoHands reads, by the name of its field; nothing else in the environment is looked at. */
export const variables = {
  port: variable({
    name: 'PORT',
    section: 'Server',
    description:
      'Port of the dashboard and the API. 0 takes a free one; the address printed at start says which.',
    parse: as.wholeNumber(0, 65_535),
    fallback: 8000,
  }),
  host: variable({
    name: 'HOST',
    section: 'Server',
    description:
      'Address to listen on. Anything but loopback needs ALLOWED_HOSTS and an administrator (ADMIN_EMAIL, or one made before).',
    parse: as.listenHost,
    fallback: '127.0.0.1',
  }),
  publicUrl: variable({
    name: 'PUBLIC_URL',
    section: 'Server',
    description:
      'The address users type, when it differs: behind a proxy, or with TLS. Used in links and origin checks.',
    parse: as.siteAddress as (text: string) => string | null,
    fallback: none,
    defaultText: 'http://localhost:PORT',
  }),
  trustedProxies: variable({
    name: 'TRUSTED_PROXIES',
    section: 'Server',
    description: 'Addresses or networks of proxies whose X-Forwarded-* headers are believed; commas between.',
    parse: as.list(as.network),
    fallback: nothing,
  }),
  allowedHosts: variable({
    name: 'ALLOWED_HOSTS',
    section: 'Server',
    description:
      'Host names the server answers to; commas between, `.example.org` for all names below. Loopback names are always allowed.',
    parse: as.list(as.hostPattern),
    fallback: nothing,
    formerName: 'DJANGO_ALLOWED_HOSTS',
  }),
  debug: variable({
    name: 'DEBUG',
    section: 'Server',
    description: 'Logs more. Changes nothing else: errors never carry internals to users.',
    parse: as.flag,
    fallback: false,
    formerName: 'DJANGO_DEBUG',
  }),
  secretKey: variable({
    name: 'SECRET_KEY',
    section: 'Server',
    description:
      'Encrypts stored secrets; 32 characters or more, for example from `openssl rand -base64 48`. Needed with DATABASE_URL. Without it `npm start` makes one in DATA_DIR/secret.key.',
    parse: as.text(32) as (text: string) => string | null,
    fallback: none,
    defaultText: 'made at the first start',
    isSecret: true,
    formerName: 'DJANGO_SECRET_KEY',
  }),
  dataDir: variable({
    name: 'DATA_DIR',
    section: 'Server',
    description: 'Folder of everything NoHands keeps on this machine.',
    parse: as.path,
    fallback: as.path('.nohands'),
    defaultText: '.nohands',
  }),
  adminEmail: variable({
    name: 'ADMIN_EMAIL',
    section: 'Accounts',
    description: 'Makes the first administrator without a browser; needs ADMIN_PASSWORD or ADMIN_TOKEN.',
    parse: as.email as (text: string) => string | null,
    fallback: none,
  }),
  adminPassword: variable({
    name: 'ADMIN_PASSWORD',
    section: 'Accounts',
    description: 'Password of that administrator; 8 characters or more.',
    parse: as.text(8) as (text: string) => string | null,
    fallback: none,
    isSecret: true,
  }),
  adminToken: variable({
    name: 'ADMIN_TOKEN',
    section: 'Accounts',
    description: 'An API token of that administrator; 32 characters or more.',
    parse: as.text(32) as (text: string) => string | null,
    fallback: none,
    isSecret: true,
  }),
  databaseUrl: variable({
    name: 'DATABASE_URL',
    section: 'Database and queue',
    description:
      'Postgres 14 or newer as postgresql://user:password@host:5432/name. Without it `npm start` runs its own Postgres in DATA_DIR.',
    parse: as.address('postgresql:', 'postgres:') as (text: string) => string | null,
    fallback: none,
    defaultText: 'embedded Postgres',
    isSecret: true,
  }),
  redisUrl: variable({
    name: 'REDIS_URL',
    section: 'Database and queue',
    description:
      'Redis 6.2 or newer for the queue, as redis://host:6379. Without it the queue lives in Postgres.',
    parse: as.address('redis:', 'rediss:') as (text: string) => string | null,
    fallback: none,
    defaultText: 'the queue lives in Postgres',
    isSecret: true,
  }),
  buildEngine: variable({
    name: 'BUILD_ENGINE',
    section: 'Builds',
    description:
      '`auto` takes Dagger where an engine of DAGGER_ENGINE_HOSTS answers, else Buildah; `dagger` and `buildah` insist.',
    parse: as.choice(...buildEngineChoices),
    fallback: 'auto' as BuildEngineChoice,
  }),
  buildIsolation: variable({
    name: 'BUILD_ISOLATION',
    section: 'Builds',
    description:
      'Buildah only. `safe` refuses builds where the isolation self-test fails; `chroot` builds behind weaker walls: a Dockerfile may then reach the machine. A standing warning in the dashboard says so.',
    parse: as.choice(...buildIsolations),
    fallback: 'safe' as BuildIsolation,
  }),
  buildTimeoutSeconds: variable({
    name: 'BUILD_TIMEOUT_SECONDS',
    section: 'Builds',
    description: 'A build that runs longer is stopped.',
    unit: 'seconds',
    parse: as.wholeNumber(1, 604_800),
    fallback: 3600,
  }),
  buildLogMaxBytes: variable({
    name: 'BUILD_LOG_MAX_BYTES',
    section: 'Builds',
    description:
      'Size cap of one log. Above it the beginning and the end are kept, and the log says what was left out.',
    unit: 'bytes',
    parse: as.wholeNumber(65_536, 1024 * 1024 * mebibyte),
    fallback: 512 * mebibyte,
  }),
  maxConcurrentBuilds: variable({
    name: 'MAX_CONCURRENT_BUILDS',
    section: 'Builds',
    description:
      'Builds at the same time over all workers. The first value of a setting that the dashboard changes.',
    parse: as.wholeNumber(1, 1000),
    fallback: 2,
  }),
  daggerBin: variable({
    name: 'DAGGER_BIN',
    section: 'Builds',
    description: 'The Dagger program. It is never downloaded.',
    parse: as.text() as (text: string) => string | null,
    fallback: none,
    defaultText: '`dagger` on PATH',
  }),
  daggerEngineHosts: variable({
    name: 'DAGGER_ENGINE_HOSTS',
    section: 'Builds',
    description: 'Running Dagger engines, as tcp://host:1234 or unix:///path; commas between.',
    parse: as.list(as.address('tcp:', 'unix:', 'docker-container:', 'podman-container:', 'kube-pod:')),
    fallback: nothing,
  }),
  repositoryPollSeconds: variable({
    name: 'REPOSITORY_POLL_SECONDS',
    section: 'Git',
    description: 'How often repositories are refreshed on their own; 0 never.',
    unit: 'seconds',
    parse: as.wholeNumber(0, 604_800),
    fallback: 300,
  }),
  gitAllowLocal: variable({
    name: 'GIT_ALLOW_LOCAL',
    section: 'Git',
    description:
      "Allows folders of the worker's machine as repository addresses. Every user may then read them.",
    parse: as.flag,
    fallback: false,
  }),
  gitAllowPrivateAddresses: variable({
    name: 'GIT_ALLOW_PRIVATE_ADDRESSES',
    section: 'Git',
    description: 'Allows git servers on private and loopback addresses.',
    parse: as.flag,
    fallback: false,
  }),
  gitCheckoutDir: variable({
    name: 'GIT_CHECKOUT_DIR',
    section: 'Git',
    description: 'Folder of the git mirrors and checkouts of a worker; a cache.',
    parse: as.path,
    fallback: '',
    defaultText: 'DATA_DIR/git',
  }),
  dockerRegistry: variable({
    name: 'DOCKER_REGISTRY',
    section: 'Registry and images',
    description:
      'Where images are pushed, as host[:port][/path]. Without it a build that asks for a push is refused.',
    parse: as.registryPrefix as (text: string) => string | null,
    fallback: none,
  }),
  dockerRegistryUsername: variable({
    name: 'DOCKER_REGISTRY_USERNAME',
    section: 'Registry and images',
    description: 'Account there; needs DOCKER_REGISTRY_PASSWORD.',
    parse: as.text() as (text: string) => string | null,
    fallback: none,
  }),
  dockerRegistryPassword: variable({
    name: 'DOCKER_REGISTRY_PASSWORD',
    section: 'Registry and images',
    description: 'Its password or token.',
    parse: as.maskableSecret as (text: string) => string | null,
    fallback: none,
    isSecret: true,
  }),
  insecureRegistries: variable({
    name: 'INSECURE_REGISTRIES',
    section: 'Registry and images',
    description: 'Registries spoken to by plain HTTP, as host[:port]; commas between.',
    parse: as.list(as.registryHost),
    fallback: nothing,
  }),
  storageUrl: variable({
    name: 'STORAGE_URL',
    section: 'Registry and images',
    description: 'Folder of kept images as file:///..., the same for all processes.',
    parse: as.folderAddress,
    fallback: '',
    defaultText: 'DATA_DIR/storage',
  }),
  buildUser: variable({
    name: 'NOHANDS_BUILD_USER',
    section: 'Set by npm start',
    description: 'Name of the unprivileged system user that builds run as, when the worker runs as root.',
    parse: as.text() as (text: string) => string | null,
    fallback: none,
  }),
  buildStorageDir: variable({
    name: 'NOHANDS_BUILD_STORAGE',
    section: 'Set by npm start',
    description: "Folder of Buildah's storage: a place the build user can enter.",
    parse: as.path,
    fallback: '',
    defaultText: 'DATA_DIR/builds',
  }),
};

/** Folders below DATA_DIR that a variable may move elsewhere. */
export const dataFolders = {
  gitCheckoutDir: (dataDir: string) => join(dataDir, 'git'),
  buildStorageDir: (dataDir: string) => join(dataDir, 'builds'),
} as const;
