import { ApiTokensStore } from './admin/api-tokens.store.js';
import { SessionsStore } from './admin/sessions.store.js';
import { SettingsStore } from './admin/settings.store.js';
import { SetupLinksStore } from './admin/setup-links.store.js';
import { UsersStore } from './admin/users.store.js';
import { SampleRepositoryStore } from './projects/sample-repository.store.js';
import { BuildClaimsStore } from './builds/build-claims.store.js';
import { BuildLogsStore } from './builds/build-logs.store.js';
import { BuildSweepsStore } from './builds/build-sweeps.store.js';
import { BuildsStore } from './builds/builds.store.js';
import { JobsStore } from './jobs/jobs.store.js';
import { PendingWorkStore } from './jobs/pending-work.store.js';
import { WorkersStore } from './jobs/workers.store.js';
import { CommitsStore } from './projects/commits.store.js';
import { RefreshStore } from './projects/refresh.store.js';
import { RefsStore } from './projects/refs.store.js';
import { RepositoriesStore } from './projects/repositories.store.js';
import { RepositoryCredentialsStore } from './projects/repository-credentials.store.js';
import type { DataSource } from 'typeorm';

/** A class that queries: made from the pool alone, safe to share. */
export type StoreClass = new (dataSource: DataSource) => object;

/** Every store that `DatabaseModule` provides. */
export const stores: readonly StoreClass[] = [
  CommitsStore,
  RefreshStore,
  RefsStore,
  RepositoriesStore,
  SampleRepositoryStore,
  RepositoryCredentialsStore,
  ApiTokensStore,
  SessionsStore,
  SettingsStore,
  SetupLinksStore,
  UsersStore,
  BuildClaimsStore,
  BuildLogsStore,
  BuildSweepsStore,
  BuildsStore,
  JobsStore,
  PendingWorkStore,
  WorkersStore,
];
