import type { RunningProgram } from '@nohands/process';
import { readGitFailure } from './git-failure.js';
import type { GitProgram } from './git-program.js';

export type GitCommit = {
  readonly sha: string;
  readonly treeSha: string;
  readonly parents: readonly string[];
  readonly author: string;
  readonly authorEmail: string;
  readonly authoredAt: Date;
  readonly committer: string;
  readonly committerEmail: string;
  readonly committedAt: Date;
  /** At most 64 KiB; bytes that are not UTF-8 are U+FFFD. */
  readonly message: string;
};

/** Which commits: all that `from` reach and `known` do not. SHAs in `known` that the mirror lacks do not matter. */
export type CommitRange = {
  readonly from: readonly string[];
  readonly known?: readonly string[];
  readonly skip?: number;
  readonly limit?: number;
  /** `newest_first` (by commit time, when absent) or `parents_first` (no commit before its parents). */
  readonly order?: 'newest_first' | 'parents_first';
};

const fields = ['%H', '%T', '%P', '%an', '%ae', '%at', '%cn', '%ce', '%ct', '%B'];
const mostFieldBytes = 64 * 1024;

/**
 * Walks commits as a stream with bounded memory; leaving the loop early ends git. Rejects with `GitError` (for example
 * `mirror_damaged` when a commit of `from` is missing).
 */
export async function* walkCommits(
  git: GitProgram,
  directory: string,
  range: CommitRange,
  signal?: AbortSignal,
): AsyncGenerator<GitCommit> {
  // Without a beginning git would start at HEAD.
  if (range.from.length === 0 || range.limit === 0) return;
  const args = ['log', '--stdin', '-z', '--encoding=UTF-8', `--format=tformat:${fields.join('%x00')}`];
  const order = range.order === 'parents_first' ? ['--topo-order', '--reverse'] : ['--date-order'];
  const page = [
    ...(range.skip === undefined ? [] : [`--skip=${range.skip}`]),
    ...(range.limit === undefined ? [] : [`--max-count=${range.limit}`]),
  ];
  const hidden = await keepPresent(git, directory, range.known ?? []);
  const stdin = [...range.from, ...hidden.map((sha) => `^${sha}`)].map((line) => `${line}\n`).join('');
  const fixed = ['--no-decorate', '--no-notes', '--no-color', '--no-show-signature', '--no-mailmap'];
  const program = git.start({
    directory,
    args: [...args, ...fixed, ...order, ...page],
    stdin,
    ...(signal === undefined ? {} : { signal }),
  });
  const stderr = collectTail(program);
  try {
    yield* parseLog(program);
    const { exitCode } = await program.exited;
    signal?.throwIfAborted();
    if (exitCode !== 0) throw readGitFailure(stderr());
  } finally {
    await program.stop();
  }
}

/** Of the SHAs those that the mirror has: after a force-push and a new mirror it lacks some. */
async function keepPresent(
  git: GitProgram,
  directory: string,
  shas: readonly string[],
): Promise<readonly string[]> {
  if (shas.length === 0) return shas;
  const args = ['cat-file', '--batch-check=%(objecttype) %(objectname)'];
  const output = await git.run({ directory, args, stdin: shas.map((sha) => `${sha}\n`).join('') });
  return output
    .toString('utf8')
    .split('\n')
    .flatMap((line) => (line.startsWith('commit ') ? [line.slice('commit '.length)] : []));
}

function collectTail(program: RunningProgram): () => string {
  let text = '';
  program.stderr.on(
    'data',
    (chunk: Buffer) => (text = (text + chunk.toString('utf8')).slice(-mostFieldBytes)),
  );
  return () => text;
}

async function* parseLog(program: RunningProgram): AsyncGenerator<GitCommit> {
  let record: string[] = [];
  for await (const field of splitFields(program.stdout as AsyncIterable<Buffer>)) {
    record.push(field);
    if (record.length < fields.length) continue;
    yield toCommit(record);
    record = [];
  }
}

/** Cuts at NUL bytes; of a longer field only the beginning is kept. */
async function* splitFields(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let parts: Buffer[] = [];
  let bytes = 0;
  const keep = (part: Buffer) => {
    if (bytes < mostFieldBytes && part.length > 0) parts.push(part.subarray(0, mostFieldBytes - bytes));
    bytes += part.length;
  };
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(0); end !== -1; end = chunk.indexOf(0, start)) {
      keep(chunk.subarray(start, end));
      yield Buffer.concat(parts).toString('utf8');
      [parts, bytes, start] = [[], 0, end + 1];
    }
    keep(chunk.subarray(start));
  }
}

function toCommit(record: readonly string[]): GitCommit {
  const [sha = '', treeSha = '', parents = '', author = '', authorEmail = '', authoredAt = '', ...rest] =
    record;
  const [committer = '', committerEmail = '', committedAt = '', message = ''] = rest;
  return {
    sha,
    treeSha,
    parents: parents === '' ? [] : parents.split(' '),
    author,
    authorEmail,
    authoredAt: toDate(authoredAt),
    committer,
    committerEmail,
    committedAt: toDate(committedAt),
    message: message.replace(/\n+$/, ''),
  };
}

const lastSecond = 253_402_300_799; // the end of the year 9999: what databases and people can still write down

function toDate(seconds: string): Date {
  const number = Number(seconds);
  return new Date((Number.isFinite(number) ? Math.min(Math.max(number, 0), lastSecond) : 0) * 1_000);
}
