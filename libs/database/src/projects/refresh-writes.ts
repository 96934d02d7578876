import type { EntityManager } from 'typeorm';
import { readRow, readRows } from '../sql.js';

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

/**
 * The recent commits of a branch that are new to it, oldest first: `append` after a fast-forward, `replace` for a new
 * branch and after a force-push.
 */
export type Membership = {
  readonly branch: string;
  readonly mode: 'append' | 'replace';
  readonly shas: readonly string[];
};

/** How many of its newest commits a branch keeps; older ones are read from the mirror. */
export const longestMembership = 2_000;

// Rows per statement: large enough that the round trip does not count, small enough for memory (a message may have
// 64 KiB). The number of statements follows the number of rows, never the number of branches.
const rowsPerStatement = { commits: 1_000, memberships: 20_000 } as const;

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
    if (batch.length < rowsPerStatement.commits) continue;
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

/** Makes branches and tags what the remote has, in one statement; answers how many changed, came or went. */
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
       SELECT w.kind, w.name, c.id AS commit_id, least(c.committed_at, now()) AS last_updated
         FROM unnest($2::text[], $3::text[], $4::text[]) AS w (kind, name, sha)
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
       RETURNING 1
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

type Place = {
  readonly name: string;
  readonly refId: number;
  readonly generation: number;
  readonly last: number;
};

/** Writes which recent commits the branches have; constant in the number of branches. */
export async function writeMemberships(
  manager: EntityManager,
  repositoryId: number,
  memberships: readonly Membership[],
): Promise<void> {
  if (memberships.length === 0) return;
  const replaced = memberships.filter(({ mode }) => mode === 'replace').map(({ branch }) => branch);
  await startGenerations(manager, repositoryId, replaced);
  const places = await readPlaces(manager, repositoryId, memberships);
  let batch: Member[] = [];
  for (const member of newMembers(memberships, places)) {
    batch.push(member);
    if (batch.length < rowsPerStatement.memberships) continue;
    await insertMembers(manager, repositoryId, batch);
    batch = [];
  }
  if (batch.length > 0) await insertMembers(manager, repositoryId, batch);
  await capMemberships(manager, [...places.values()]);
}

async function startGenerations(manager: EntityManager, repositoryId: number, branches: readonly string[]) {
  if (branches.length === 0) return;
  await manager.query(
    `UPDATE refs SET generation = generation + 1 WHERE repository_id = $1 AND kind = 'branch' AND name = ANY($2)`,
    [repositoryId, branches],
  );
  await manager.query(
    `DELETE FROM branch_commits m USING refs f
      WHERE f.repository_id = $1 AND f.kind = 'branch' AND f.name = ANY($2)
        AND m.ref_id = f.id AND m.generation < f.generation`,
    [repositoryId, branches],
  );
}

async function readPlaces(
  manager: EntityManager,
  repositoryId: number,
  memberships: readonly Membership[],
): Promise<Map<string, Place>> {
  const places = await readRows<Place>(
    manager,
    `SELECT f.name, f.id AS "refId", f.generation, coalesce((
              SELECT m.position FROM branch_commits m WHERE m.ref_id = f.id AND m.generation = f.generation
               ORDER BY m.position DESC LIMIT 1), 0) AS last
       FROM refs f WHERE f.repository_id = $1 AND f.kind = 'branch' AND f.name = ANY($2)`,
    [repositoryId, memberships.map(({ branch }) => branch)],
  );
  return new Map(places.map((place) => [place.name, place]));
}

type Member = {
  readonly refId: number;
  readonly generation: number;
  readonly position: number;
  readonly sha: string;
};

function* newMembers(
  memberships: readonly Membership[],
  places: ReadonlyMap<string, Place>,
): Generator<Member> {
  for (const { branch, shas } of memberships) {
    const place = places.get(branch);
    if (!place) throw new Error('Commits were given for a branch that the remote does not have.');
    const { refId, generation, last } = place;
    for (let index = Math.max(0, shas.length - longestMembership); index < shas.length; index += 1) {
      yield { refId, generation, position: last + index + 1, sha: shas[index] ?? '' };
    }
  }
}

async function insertMembers(
  manager: EntityManager,
  repositoryId: number,
  members: readonly Member[],
): Promise<void> {
  const row = await readRow<{ added: number }>(
    manager,
    `WITH added AS (
       INSERT INTO branch_commits (ref_id, generation, position, commit_id)
       SELECT n.ref_id, n.generation, n.position, c.id
         FROM unnest($2::int[], $3::int[], $4::int[], $5::text[]) AS n (ref_id, generation, position, sha)
         JOIN commits c ON c.repository_id = $1 AND c.sha = n.sha
       RETURNING 1)
     SELECT count(*)::int AS added FROM added`,
    [
      repositoryId,
      members.map(({ refId }) => refId),
      members.map(({ generation }) => generation),
      members.map(({ position }) => position),
      members.map(({ sha }) => sha),
    ],
  );
  if (row?.added !== members.length) {
    throw new Error('A branch holds a commit that was not given; the refresh is not stored.');
  }
}

async function capMemberships(manager: EntityManager, places: readonly Place[]): Promise<void> {
  await manager.query(
    `DELETE FROM branch_commits m USING (
       SELECT p.ref_id, p.generation, (SELECT max(h.position) FROM branch_commits h
                WHERE h.ref_id = p.ref_id AND h.generation = p.generation) AS last
         FROM unnest($1::int[], $2::int[]) AS p (ref_id, generation)) capped
      WHERE m.ref_id = capped.ref_id AND m.generation = capped.generation AND m.position <= capped.last - $3::int`,
    [places.map(({ refId }) => refId), places.map(({ generation }) => generation), longestMembership],
  );
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
