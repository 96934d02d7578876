export { ApiTokensStore, type ApiTokenRow, type NewApiToken } from './admin/api-tokens.store.js';
export { type NewAdmin } from './admin/first-admin.js';
export { SessionsStore, sessionSeconds, type NewSession, type SignedIn } from './admin/sessions.store.js';
export {
  SettingsStore,
  mostConcurrentBuilds,
  type QueueSettings,
  type SettingKey,
  type Settings,
} from './admin/settings.store.js';
export { SetupLinksStore } from './admin/setup-links.store.js';
export { type UserRow, type UserWithPassword } from './admin/user-row.js';
export { UsersStore, type NewUser, type UserChange } from './admin/users.store.js';
export { createDataSource, type DatabaseOptions } from './data-source.js';
export { DatabaseModule, type DatabaseModuleOptions } from './database.module.js';
export { DatabaseNewerError, migrateDatabase } from './migrate.js';
export { type Cursor } from './cursor.js';
export { pageLimits, type Page, type PageRequest } from './paging.js';
export {
  BuildClaimsStore,
  type BuildFailure,
  type ClaimedBuild,
  type KeptImage,
} from './builds/build-claims.store.js';
export { BuildLogsStore, type LogAppend, type LogPosition } from './builds/build-logs.store.js';
export type { BuildEventRow, BuildRow, BuildStepRow } from './builds/build-row.js';
export { BuildSweepsStore } from './builds/build-sweeps.store.js';
export { BuildsStore, type BuildFilter, type Idempotency, type NewBuild } from './builds/builds.store.js';
export * from './builds/log-chunk.js';
export { JobsStore, type ClaimedJob, type JobOutcome } from './jobs/jobs.store.js';
export {
  WorkersStore,
  type EngineState,
  type HeldBuild,
  type WorkerIdentity,
  type WorkerRow,
} from './jobs/workers.store.js';
export { PendingWorkStore } from './jobs/pending-work.store.js';
export { NoticeListener, type NoticeListenerEvents } from './notice-listener.js';
export { notify, noticeChannel, type Notice } from './notices.js';
export { CommitsStore, type CommitRow } from './projects/commits.store.js';
export { longestMembership, type Membership } from './projects/membership-writes.js';
export { type NewCommit, type RemoteRef } from './projects/refresh-writes.js';
export {
  RefreshFencedError,
  RefreshStore,
  type JobFence,
  type KnownRef,
  type Refresh,
  type RefreshResult,
} from './projects/refresh.store.js';
export { RefsStore, type RefKind, type RefRow } from './projects/refs.store.js';
export { RepositoriesStore } from './projects/repositories.store.js';
export {
  openCredentials,
  sealCredentials,
  type CredentialsSeal,
  type StoredCredentials,
} from './projects/repository-credentials.js';
export { RepositoryCredentialsStore } from './projects/repository-credentials.store.js';
export { SecretCipher, SecretUnreadableError, type SealedSecret } from './secret-cipher.js';
export { type NewRepository, type RepositoryChange } from './projects/repository-writes.js';
export { type RefreshStatus, type RepositoryRow } from './projects/repository-row.js';
export { problemOfDatabaseError } from './database.errors.js';
export { SampleRepositoryStore } from './projects/sample-repository.store.js';
