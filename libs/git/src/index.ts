export type { CommitRange, GitCommit } from './commit-log.js';
export * from './git-error.js';
export { GitMirror, type ResolveOptions } from './git-mirror.js';
export { GitMirrors, type GitProbe } from './git-mirrors.js';
export type { GitRemote, GitSettings } from './git-settings.js';
export type { GitRef, GitRefs } from './mirror-refs.js';
export type { ResolvedRef } from './ref-resolver.js';
export type { CheckoutRequest } from './tree-checkout.js';
export type { GitEntry, GitEntryKind, GitFile, TreePlace } from './tree-reader.js';
