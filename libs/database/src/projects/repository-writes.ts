import {
  includesRole,
  numberImageName,
  Problem,
  proposeImageName,
  type Principal,
  type RepositoryRole,
} from '@nohands/domain';
import type { EntityManager } from 'typeorm';
import { notify } from '../notices.js';
import { readRow, StatementParameters, type Database } from '../sql.js';
import { viewerId } from '../visibility.js';
import type { CredentialsSeal } from './repository-credentials.js';
import { noSuchRepository, repositoryNameTaken, roleSql } from './repository-row.js';

/** A repository to add; without `imageName` the nearest free one to its name is taken. */
export type NewRepository = {
  readonly name: string;
  readonly url: string;
  readonly description?: string;
  readonly defaultBranch?: string | null;
  readonly dockerfilePath?: string;
  readonly imageName?: string | null;
  readonly isActive?: boolean;
  readonly isSample?: boolean;
  /** For its URL. */
  readonly credentials?: CredentialsSeal;
};

/** What may change of a repository; a field left out stays. */
export type RepositoryChange = Partial<{
  readonly name: string;
  readonly url: string;
  readonly description: string;
  readonly defaultBranch: string | null;
  readonly dockerfilePath: string;
  readonly imageName: string;
  readonly isActive: boolean;
  /** For the URL that it has or gets. */
  readonly credentials: CredentialsSeal;
}>;

const changeable: Record<Exclude<keyof RepositoryChange, 'credentials'>, string> = {
  name: 'name',
  url: 'url',
  description: 'description',
  defaultBranch: 'default_branch',
  dockerfilePath: 'dockerfile_path',
  imageName: 'image_name',
  isActive: 'is_active',
};

// Repositories of one name and different spelling are few; a hundred proposals are plenty.
const mostProposals = 100;

/** The role of a viewer, or null when the repository is not there for them. */
export async function roleIn(
  database: Database,
  viewer: Principal,
  id: number,
): Promise<RepositoryRole | null> {
  const row = await readRow<{ role: RepositoryRole | null }>(
    database,
    `SELECT ${roleSql('$1')} AS role FROM repositories r WHERE r.id = $2::bigint`,
    [viewerId(viewer), id],
  );
  return row?.role ?? null;
}

/** Lets whoever holds the role pass. Problems: `not_found`, `forbidden`. */
export async function requireRole(
  manager: EntityManager,
  actor: Principal,
  id: number,
  needed: RepositoryRole,
) {
  const role = await roleIn(manager, actor, id);
  if (role === null) throw noSuchRepository();
  if (includesRole(role, needed)) return;
  throw new Problem('forbidden', `You are ${role} of this repository; this needs the role ${needed}.`);
}

/** Writes a repository and answers its id. Problem: `conflict`. */
export async function insertRepository(
  manager: EntityManager,
  actor: Principal,
  made: NewRepository,
): Promise<number> {
  const proposal = proposeImageName(made.name);
  for (let number = 1; number <= mostProposals; number += 1) {
    const imageName = made.imageName ?? numberImageName(proposal, number);
    const id = await tryInsert(manager, actor, { ...made, imageName });
    if (id !== null) return id;
    if (made.imageName) break;
  }
  throw repositoryNameTaken({ code: '23505', constraint: 'uq_repositories_image_name' });
}

/** Null when the image name is taken; a failed statement would end the transaction, an avoided one does not. */
async function tryInsert(
  manager: EntityManager,
  actor: Principal,
  made: NewRepository & { readonly imageName: string },
): Promise<number | null> {
  try {
    const row = await readRow<{ id: number }>(
      manager,
      `INSERT INTO repositories
         (owner_id, name, url, description, default_branch, dockerfile_path, image_name, is_active, is_sample)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
       ON CONFLICT ON CONSTRAINT uq_repositories_image_name DO NOTHING RETURNING id`,
      [
        actor.kind === 'user' ? actor.userId : null,
        made.name,
        made.url,
        made.description ?? '',
        made.defaultBranch ?? null,
        made.dockerfilePath ?? 'Dockerfile',
        made.imageName,
        made.isActive ?? true,
        made.isSample ?? false,
      ],
    );
    return row?.id ?? null;
  } catch (error) {
    throw repositoryNameTaken(error);
  }
}

/** Writes what changes of a repository and tells listeners. Problem: `conflict`. */
export async function changeRepository(
  manager: EntityManager,
  id: number,
  change: RepositoryChange,
): Promise<void> {
  const parameters = new StatementParameters();
  const key = parameters.add(id);
  const fields = (Object.keys(changeable) as (keyof typeof changeable)[]).filter(
    (field) => change[field] !== undefined,
  );
  if (fields.length === 0) return;
  const assignments = fields.map((field) => `${changeable[field]} = ${parameters.add(change[field])}`);
  try {
    const row = await readRow<{ revision: number }>(
      manager,
      `UPDATE repositories SET ${assignments.join(', ')}, revision = revision + 1 WHERE id = ${key} RETURNING revision`,
      parameters.values,
    );
    if (row) await notify(manager, { kind: 'repository', id, revision: row.revision });
  } catch (error) {
    throw repositoryNameTaken(error);
  }
}
