import { setImmediate as nextTurn } from 'node:timers/promises';
import { longestMembership, type KnownRef, type Membership, type Refresh } from '@nohands/database';
import type { GitMirror, GitRef, GitRefs } from '@nohands/git';
import { CommitGraph } from './commit-graph.js';

/** With more branches than this one walk for all is cheaper than one or two for each. */
export const fewBranches = 20;
/** That walk is held in memory: some 300 bytes a commit. */
const longestWalk = 100_000;
const branchesPerTurn = 50;

type MovedBranch = GitRef & { readonly before: string | null };

/**
 * What of a remote is new to the database. The default branch comes first, so that a reader finds it first.
 * `defaultBranch` is the one that people chose.
 */
export async function describeRefresh(
  mirror: GitMirror,
  remote: { readonly refs: GitRefs; readonly defaultBranch: string | null },
  known: readonly KnownRef[],
): Promise<Refresh> {
  const { refs } = remote;
  const before = new Map(known.map(({ kind, name, sha }) => [`${kind} ${name}`, sha]));
  const branches = putFirst(refs.branches, [remote.defaultBranch, refs.defaultBranch]);
  const moved = branches
    .map((branch) => ({ ...branch, before: before.get(`branch ${branch.name}`) ?? null }))
    .filter((branch) => branch.before !== branch.sha);
  const movedTags = refs.tags.filter(({ name, sha }) => before.get(`tag ${name}`) !== sha);
  const from = [...new Set([...moved, ...movedTags].map(({ sha }) => sha))];
  return {
    defaultBranch: refs.defaultBranch,
    branches,
    tags: refs.tags,
    commits: from.length === 0 ? [] : mirror.walkCommits({ from, known: known.map(({ sha }) => sha) }),
    memberships: await describeBranches(mirror, moved),
  };
}

/** The first of the wished names that there is goes first; the others keep their order. */
function putFirst(branches: readonly GitRef[], wished: readonly (string | null)[]): readonly GitRef[] {
  const first = wished.map((name) => branches.find((branch) => branch.name === name)).find(Boolean);
  return first === undefined ? branches : [first, ...branches.filter((branch) => branch !== first)];
}

async function describeBranches(mirror: GitMirror, moved: readonly MovedBranch[]): Promise<Membership[]> {
  const graph = moved.length > fewBranches ? await readGraph(mirror, moved) : null;
  const memberships: Membership[] = [];
  for (const [index, branch] of moved.entries()) {
    // Leases are renewed by timers of this process: a long count must let them through.
    if (index % branchesPerTurn === 0) await nextTurn();
    const found = graph === null ? null : findInGraph(graph, branch);
    memberships.push(found ?? (await describeBranch(mirror, branch)));
  }
  return memberships;
}

function readGraph(mirror: GitMirror, moved: readonly MovedBranch[]): Promise<CommitGraph> {
  const from = [...new Set(moved.map(({ sha }) => sha))];
  return CommitGraph.read(mirror.walkCommits({ from, limit: longestWalk }), longestWalk);
}

/** As `describeBranch`; null when the graph does not go far enough. */
function findInGraph(graph: CommitGraph, { name, sha, before }: MovedBranch): Membership | null {
  if (before !== null) {
    const gain = graph.gained(sha, before, longestMembership);
    if (gain === null) return null;
    if (gain.isFastForward && gain.shas.length < longestMembership) {
      return { branch: name, mode: 'append', shas: gain.shas };
    }
  }
  const shas = graph.recent(sha, longestMembership);
  return shas === null ? null : { branch: name, mode: 'replace', shas };
}

/** The commits that a branch gained, or all its recent ones when it is new or was rewritten. */
async function describeBranch(mirror: GitMirror, { name, sha, before }: MovedBranch): Promise<Membership> {
  if (before !== null) {
    const gained = await Array.fromAsync(
      mirror.walkCommits({ from: [sha], known: [before], limit: longestMembership }),
    );
    // Only when the old head is an ancestor of the new one does a gained commit have it as a parent.
    const isFastForward =
      gained.length < longestMembership && gained.some(({ parents }) => parents.includes(before));
    if (isFastForward) {
      return { branch: name, mode: 'append', shas: gained.map((commit) => commit.sha).reverse() };
    }
  }
  const recent = await Array.fromAsync(mirror.walkCommits({ from: [sha], limit: longestMembership }));
  return { branch: name, mode: 'replace', shas: recent.map((commit) => commit.sha).reverse() };
}
