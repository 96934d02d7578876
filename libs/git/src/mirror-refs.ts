import type { GitProgram } from './git-program.js';

/** A branch or tag of the mirror. `sha` is the commit it stands for. */
export type GitRef = { readonly name: string; readonly sha: string };

export type GitRefs = {
  /** The branch a reader means who names none; null in a repository without branches. */
  readonly defaultBranch: string | null;
  readonly branches: readonly GitRef[];
  /** Only tags that stand for a commit. */
  readonly tags: readonly GitRef[];
};

type MirrorRef = { readonly fullName: string; readonly sha: string; readonly commitSha: string | null };

const fields = ['objectname', 'objecttype', '*objectname', '*objecttype', 'refname'];
const format = `--format=${fields.map((field) => `%(${field})`).join('%00')}`;

/** All branches and tags of a bare repository; names that are not UTF-8 hold U+FFFD. Rejects with `GitError`. */
export async function listMirrorRefs(git: GitProgram, directory: string): Promise<readonly MirrorRef[]> {
  const args = ['for-each-ref', format, 'refs/heads/', 'refs/tags/'];
  const output = await git.run({ directory, args, maxOutputBytes: 256 * 1024 * 1024 });
  const refs = output
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map(parseRef);
  return peelDeepTags(git, directory, refs);
}

function parseRef(line: string): MirrorRef & { readonly isDeep: boolean } {
  const [sha = '', type, peeled = '', peeledType, fullName = ''] = line.split('\0');
  const commitSha = type === 'commit' ? sha : peeledType === 'commit' ? peeled : null;
  return { fullName, sha, commitSha, isDeep: peeledType === 'tag' };
}

/** A tag of a tag: the listing goes only one step. */
async function peelDeepTags(
  git: GitProgram,
  directory: string,
  refs: readonly ReturnType<typeof parseRef>[],
): Promise<MirrorRef[]> {
  const deep = refs.filter(({ isDeep }) => isDeep);
  if (deep.length === 0) return [...refs];
  const stdin = deep.map(({ sha }) => `${sha}^{commit}\n`).join('');
  const output = await git.run({ directory, args: ['cat-file', '--batch-check=%(objectname)'], stdin });
  const peeled = output.toString('utf8').split('\n');
  const byName = new Map(deep.map(({ fullName }, index) => [fullName, peeled[index] ?? '']));
  return refs.map((ref) => {
    const sha = byName.get(ref.fullName);
    return sha === undefined ? ref : { ...ref, commitSha: /^[0-9a-f]{40}$/.test(sha) ? sha : null };
  });
}

/** Sorts refs into branches and tags; `headRef` is what the remote's HEAD points to. */
export function groupRefs(refs: readonly MirrorRef[], headRef: string | null): GitRefs {
  const pick = (prefix: string) =>
    refs.flatMap(({ fullName, commitSha }) =>
      commitSha !== null && fullName.startsWith(prefix) && !fullName.includes('\ufffd')
        ? [{ name: fullName.slice(prefix.length), sha: commitSha }]
        : [],
    );
  const branches = pick('refs/heads/');
  return { defaultBranch: chooseDefaultBranch(branches, headRef), branches, tags: pick('refs/tags/') };
}

function chooseDefaultBranch(branches: readonly GitRef[], headRef: string | null): string | null {
  const names = new Set(branches.map(({ name }) => name));
  const head = headRef?.replace(/^refs\/heads\//, '') ?? '';
  return [head, 'main', 'master'].find((name) => names.has(name)) ?? branches[0]?.name ?? null;
}
