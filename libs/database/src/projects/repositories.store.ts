import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import {
  includesRole,
  numberImageName,
  Problem,
  proposeImageName,
  type Principal,
  type RepositoryRole,
  type SystemPrincipal,
} from '@nohands/domain';
import { DataSource, type EntityManager } from 'typeorm';
import { notify } from '../notices.js';
import { readPage, type Page, type PageRequest } from '../paging.js';
import { readRow, readRows, StatementParameters, type Database } from '../sql.js';
import { repositoryIsVisible, viewerId } from '../visibility.js';
import { requestRefreshes } from './refresh-request.js';
import {
  noSuchRepository,
  repositoryColumns,
  repositoryNameTaken,
  roleSql,
  type RepositoryRow,
} from './repository-row.js';

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
}>;

const changeable: Record<keyof RepositoryChange, string> = {
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

/** The git repositories; one that a viewer may not see does not exist for them. */
@Injectable()
export class RepositoriesStore {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** One page of the visible repositories by name. Problems: `invalid_cursor`, `invalid_fields`. */
  async page(viewer: Principal, request: PageRequest): Promise<Page<RepositoryRow>> {
    const parameters = new StatementParameters();
    const eyes = parameters.add(viewerId(viewer));
    return readPage<RepositoryRow>(
      this.dataSource,
      {
        columns: repositoryColumns(eyes),
        from: 'repositories r',
        conditions: [repositoryIsVisible('r', eyes)],
        parameters,
        keyset: { order: 'ascending', columns: [{ sql: 'r.name', type: 'text' }] },
        keyOf: (repository) => [repository.name],
      },
      request,
    );
  }

  /** One repository; null when it does not exist or the viewer may not see it. */
  async find(viewer: Principal, id: number): Promise<RepositoryRow | null> {
    return this.#find(this.dataSource, viewer, id);
  }

  /** What the viewer may do with a repository; null when it does not exist or they may not see it. */
  async roleOf(viewer: Principal, id: number): Promise<RepositoryRole | null> {
    return roleIn(this.dataSource, viewer, id);
  }

  /**
   * Adds a repository, owned by the acting user (by nobody when the system acts), and asks for its first refresh in
   * the same transaction. Problem: `conflict` (`/name`, `/image_name`).
   */
  async create(actor: Principal, repository: NewRepository): Promise<RepositoryRow> {
    return this.dataSource.transaction(async (manager) => {
      const id = await insertRepository(manager, actor, repository);
      await requestRefreshes(manager, [id]);
      const made = await this.#find(manager, actor, id);
      if (!made) throw new Error('A repository just made cannot be read.');
      return made;
    });
  }

  /**
   * Changes a repository, by its owner; another URL asks for a refresh. With `revision` only when nobody changed it
   * since. Problems: `not_found`, `forbidden`, `revision_mismatch`, `conflict` (`/name`, `/image_name`).
   */
  async update(
    actor: Principal,
    id: number,
    change: RepositoryChange,
    revision: number | null = null,
  ): Promise<RepositoryRow> {
    return this.dataSource.transaction(async (manager) => {
      await requireRole(manager, actor, id, 'owner');
      const before = await readRow<{ url: string; revision: number }>(
        manager,
        'SELECT url, revision FROM repositories WHERE id = $1 FOR NO KEY UPDATE',
        [id],
      );
      if (!before) throw noSuchRepository();
      if (revision !== null && before.revision !== revision) {
        throw new Problem('revision_mismatch', 'The repository changed since you read it. Read it again.');
      }
      await changeRepository(manager, id, change);
      if (change.url !== undefined && change.url !== before.url) await requestRefreshes(manager, [id]);
      const after = await this.#find(manager, actor, id);
      if (!after) throw noSuchRepository();
      return after;
    });
  }

  /** Removes a repository with all its builds, by its owner. Problems: `not_found`, `forbidden`. */
  async delete(actor: Principal, id: number): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      await requireRole(manager, actor, id, 'owner');
      const gone = await readRow<{ revision: number }>(
        manager,
        'DELETE FROM repositories WHERE id = $1 RETURNING revision',
        [id],
      );
      if (!gone) throw noSuchRepository();
      await notify(manager, { kind: 'repository', id, revision: gone.revision + 1 });
    });
  }

  /** Asks for a refresh; from then on the status is `running`. Problems: `not_found`, `forbidden` (viewers). */
  async requestRefresh(actor: Principal, id: number): Promise<RepositoryRow> {
    return this.dataSource.transaction(async (manager) => {
      await requireRole(manager, actor, id, 'developer');
      await requestRefreshes(manager, [id]);
      const after = await this.#find(manager, actor, id);
      if (!after) throw noSuchRepository();
      return after;
    });
  }

  /**
   * Asks for a refresh of every active repository whose last one ended more than `seconds` ago; answers their ids.
   * Of several processes that ask at once each repository falls to one.
   */
  async requestDueRefreshes(_actor: SystemPrincipal, seconds: number): Promise<number[]> {
    return this.dataSource.transaction(async (manager) => {
      const due = await readRows<{ id: number }>(
        manager,
        `SELECT id FROM repositories
          WHERE is_active AND refresh_status <> 'running'
            AND (refreshed_at IS NULL OR refreshed_at < now() - $1 * interval '1 s')
          ORDER BY id FOR NO KEY UPDATE SKIP LOCKED`,
        [seconds],
      );
      const ids = due.map(({ id }) => id);
      await requestRefreshes(manager, ids);
      return ids;
    });
  }

  async #find(database: Database, viewer: Principal, id: number): Promise<RepositoryRow | null> {
    return readRow<RepositoryRow>(
      database,
      `SELECT ${repositoryColumns('$1')} FROM repositories r
        WHERE r.id = $2::bigint AND ${repositoryIsVisible('r', '$1')}`,
      [viewerId(viewer), id],
    );
  }
}

async function roleIn(database: Database, viewer: Principal, id: number): Promise<RepositoryRole | null> {
  const row = await readRow<{ role: RepositoryRole | null }>(
    database,
    `SELECT ${roleSql('$1')} AS role FROM repositories r WHERE r.id = $2::bigint`,
    [viewerId(viewer), id],
  );
  return row?.role ?? null;
}

async function requireRole(manager: EntityManager, actor: Principal, id: number, needed: RepositoryRole) {
  const role = await roleIn(manager, actor, id);
  if (role === null) throw noSuchRepository();
  if (includesRole(role, needed)) return;
  throw new Problem('forbidden', `You are ${role} of this repository; this needs the role ${needed}.`);
}

async function insertRepository(
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

async function changeRepository(manager: EntityManager, id: number, change: RepositoryChange): Promise<void> {
  const parameters = new StatementParameters();
  const key = parameters.add(id);
  const fields = (Object.keys(changeable) as (keyof RepositoryChange)[]).filter(
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
