import type { RefText } from '@nohands/domain';
import { GitError } from './git-error.js';
import type { GitProgram } from './git-program.js';
import type { RemoteRef } from './remote-refs.js';

export type ResolvedRef = {
  readonly kind: 'branch' | 'tag' | 'commit';
  /** Without `refs/heads/` or `refs/tags/`; null for a commit named by its SHA. */
  readonly name: string | null;
  readonly sha: string;
  /** True when the remote was unreachable and the mirror answered. */
  readonly isStale: boolean;
};

type RefList = {
  readonly refs: readonly RemoteRef[];
  readonly headRef: string | null;
  readonly isStale: boolean;
};

/** The branch or tag that a text names; a branch goes before a tag. Null when there is none. */
export function findRef(
  ref: Exclude<RefText, { kind: 'sha' }>,
  { refs, headRef, isStale }: RefList,
): ResolvedRef | null {
  const literal = ref.name === 'HEAD' ? (headRef ?? '') : ref.name;
  const candidates = ref.kind === 'full' ? [literal] : [`refs/heads/${ref.name}`, `refs/tags/${ref.name}`];
  for (const candidate of candidates) {
    const found = refs.find(({ name }) => name === candidate);
    if (found === undefined) continue;
    const kind = candidate.startsWith('refs/heads/') ? 'branch' : 'tag';
    const name = candidate.slice(kind === 'branch' ? 'refs/heads/'.length : 'refs/tags/'.length);
    return { kind, name, sha: found.peeledSha ?? found.sha, isStale };
  }
  return null;
}

/** The only commit of the mirror whose SHA begins so; null when there is none. Rejects with `ambiguous_ref`. */
export async function findPrefix(git: GitProgram, directory: string, prefix: string): Promise<string | null> {
  const args = ['rev-parse', `--disambiguate=${prefix}`];
  const objects = (await git.run({ directory, args })).toString('utf8');
  if (objects === '') return null;
  const types = ['cat-file', '--batch-check=%(objecttype) %(objectname)'];
  const lines = (await git.run({ directory, args: types, stdin: objects })).toString('utf8').split('\n');
  const commits = lines.flatMap((line) => (line.startsWith('commit ') ? [line.slice('commit '.length)] : []));
  if (commits.length <= 1) return commits[0] ?? null;
  throw new GitError('ambiguous_ref', `${commits.length} commits begin with ${prefix}. Give more digits.`);
}
