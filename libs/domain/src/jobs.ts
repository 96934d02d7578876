/** Leased work beside builds: what each kind is told and what it answers. */
export type JobPayloads = {
  'refresh-repository': { readonly repositoryId: number };
  'resolve-ref': { readonly repositoryId: number; readonly ref: string; readonly allowStale: boolean };
  'seal-log': { readonly buildId: number };
};

export type JobResults = {
  'refresh-repository': { readonly newCommits: number; readonly changedRefs: number };
  'resolve-ref': { readonly commitId: number; readonly sha: string; readonly branchName: string | null };
  'seal-log': { readonly lines: number };
};

export type JobKind = keyof JobPayloads;

/** Look-ups are waited for by a person: they have slots of their own beside the builds and the longer work. */
export const lookupKinds = ['resolve-ref'] as const satisfies readonly JobKind[];
export const choreKinds = ['refresh-repository', 'seal-log'] as const satisfies readonly JobKind[];

/** How long a claim on such work holds without a heartbeat, in milliseconds. */
export const jobLeaseMilliseconds = 10_000;
/** How long the API waits for the answer to a look-up, in milliseconds. */
export const lookupDeadlineMilliseconds = 5_000;

/** The lanes that work waits in; each has slots of its own in every worker. */
export type WorkLane = 'builds' | 'chores' | 'lookups';
