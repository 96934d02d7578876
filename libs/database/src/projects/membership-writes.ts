import type { EntityManager } from 'typeorm';
import { readRow, readRows } from '../sql.js';

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

// The number of statements follows the number of members, never the number of branches.
const membersPerStatement = 20_000;

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
    if (batch.length < membersPerStatement) continue;
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
