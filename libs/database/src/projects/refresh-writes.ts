import type { EntityManager } from 'typeorm';
import { readRow } from '../sql.js';

/** A commit as git tells it. */
export type NewCommit = {
  readonly sha: string;
  readonly message: string;
  readonly author: string;
  readonly authorEmail: string;
  readonly committedAt: Date;
  readonly parents: readonly string[];
};

export type RemoteRef = { readonly name: string; readonly sha: string };

// Large enough that the round trip does not count, small enough for memory: a message may have 64 KiB.
const commitsPerStatement = 1_000;

const earliestTime = Date.parse('0001-01-01T00:00:00.000Z');
const latestTime = Date.parse('9999-12-31T23:59:59.999Z');

/** Stores commits as they stream in; ones already stored stay as they are. Answers how many were new. */
export async function insertCommits(
  manager: EntityManager,
  repositoryId: number,
  commits: AsyncIterable<NewCommit> | Iterable<NewCommit>,
): Promise<number> {
  let added = 0;
  let batch: NewCommit[] = [];
  for await (const commit of commits) {
    batch.push(commit);
    if (batch.length < commitsPerStatement) continue;
    added += await insertCommitBatch(manager, repositoryId, batch);
    batch = [];
  }
  return batch.length === 0 ? added : added + (await insertCommitBatch(manager, repositoryId, batch));
}

async function insertCommitBatch(
  manager: EntityManager,
  repositoryId: number,
  batch: readonly NewCommit[],
): Promise<number> {
  // Known rows are left out before the insert: ON CONFLICT alone would use up a key for each of them.
  const row = await readRow<{ added: number }>(
    manager,
    `WITH added AS (
       INSERT INTO commits (repository_id, sha, message, author, author_email, committed_at, parents)
       SELECT $1, n.sha, n.message, n.author, n.author_email, n.committed_at, string_to_array(n.parents, ' ')
         FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::text[])
           AS n (sha, message, author, author_email, committed_at, parents)
        WHERE NOT EXISTS (SELECT 1 FROM commits c WHERE c.repository_id = $1 AND c.sha = n.sha)
       ON CONFLICT ON CONSTRAINT uq_commits_repository_sha DO NOTHING RETURNING 1)
     SELECT count(*)::int AS added FROM added`,
    [
      repositoryId,
      batch.map(({ sha }) => sha),
      batch.map(({ message }) => storable(message)),
      batch.map(({ author }) => storable(author)),
      batch.map(({ authorEmail }) => storable(authorEmail)),
      batch.map(({ committedAt }) => storableTime(committedAt)),
      batch.map(({ parents }) => parents.join(' ')),
    ],
  );
  return row?.added ?? 0;
}

/**
 * Makes branches and tags what the remote has, in one statement; answers how many changed, came or went. New ones get
 * their ids in the order given, branches first.
 */
export async function writeRefs(
  manager: EntityManager,
  repositoryId: number,
  branches: readonly RemoteRef[],
  tags: readonly RemoteRef[],
): Promise<number> {
  const refs = [...branches, ...tags];
  const row = await readRow<{ known: number; changed: number }>(
    manager,
    `WITH wanted AS (
       SELECT w.kind, w.name, w.place, c.id AS commit_id, least(c.committed_at, now()) AS last_updated
         FROM unnest($2::text[], $3::text[], $4::text[]) WITH ORDINALITY AS w (kind, name, sha, place)
         JOIN commits c ON c.repository_id = $1 AND c.sha = w.sha
     ), gone AS (
       DELETE FROM refs f WHERE f.repository_id = $1
          AND NOT EXISTS (SELECT 1 FROM wanted w WHERE w.kind = f.kind AND w.name = f.name) RETURNING 1
     ), moved AS (
       UPDATE refs f SET commit_id = w.commit_id, last_updated = w.last_updated FROM wanted w
        WHERE f.repository_id = $1 AND f.kind = w.kind AND f.name = w.name AND f.commit_id <> w.commit_id RETURNING 1
     ), added AS (
       INSERT INTO refs (repository_id, kind, name, commit_id, last_updated)
       SELECT $1, w.kind, w.name, w.commit_id, w.last_updated FROM wanted w
        WHERE NOT EXISTS (SELECT 1 FROM refs f WHERE f.repository_id = $1 AND f.kind = w.kind AND f.name = w.name)
        ORDER BY w.place RETURNING 1
     )
     SELECT (SELECT count(*) FROM wanted)::int AS known,
            ((SELECT count(*) FROM gone) + (SELECT count(*) FROM moved) + (SELECT count(*) FROM added))::int AS changed`,
    [
      repositoryId,
      refs.map((_, index) => (index < branches.length ? 'branch' : 'tag')),
      refs.map(({ name }) => name),
      refs.map(({ sha }) => sha),
    ],
  );
  if (row?.known !== refs.length) {
    throw new Error('A branch or tag points to a commit that was not given; the refresh is not stored.');
  }
  return row.changed;
}

/** Postgres text holds everything but NUL. */
function storable(text: string): string {
  return text.replaceAll('\0', '\uFFFD');
}

/** Git takes any number as a time; what no calendar shows becomes the nearest that one does. */
function storableTime(time: Date): string {
  const milliseconds = Number.isNaN(time.getTime()) ? 0 : time.getTime();
  return new Date(Math.min(Math.max(milliseconds, earliestTime), latestTime)).toISOString();
}
