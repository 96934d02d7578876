import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { Problem, type Principal, type RepositoryRole, type SystemPrincipal } from '@nohands/domain';
import { DataSource } from 'typeorm';
import { notify } from '../notices.js';
import { readPage, type Page, type PageRequest } from '../paging.js';
import { readRow, readRows, StatementParameters, type Database } from '../sql.js';
import { repositoryIsVisible, viewerId } from '../visibility.js';
import { requestRefreshes } from './refresh-request.js';
import { dropForeignCredentials, writeCredentials } from './repository-credentials.js';
import { noSuchRepository, repositoryColumns, type RepositoryRow } from './repository-row.js';
import {
  changeRepository,
  insertRepository,
  requireRole,
  roleIn,
  type NewRepository,
  type RepositoryChange,
} from './repository-writes.js';

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
      if (repository.credentials) await writeCredentials(manager, id, repository.credentials);
      await requestRefreshes(manager, [id]);
      const made = await this.#find(manager, actor, id);
      if (!made) throw new Error('A repository just made cannot be read.');
      return made;
    });
  }

  /**
   * Changes a repository, by its owner; another URL or new credentials ask for a refresh, a URL at another host
   * drops the former credentials. With `revision` only when nobody changed it since. Problems: `not_found`, `forbidden`, `revision_mismatch`, `conflict` (`/name`, `/image_name`).
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
      const isMoved = change.url !== undefined && change.url !== before.url;
      if (isMoved) await dropForeignCredentials(manager, id, change.url);
      if (change.credentials) await writeCredentials(manager, id, change.credentials);
      if (isMoved || change.credentials) await requestRefreshes(manager, [id]);
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

  /** Those of the ids that repositories have. */
  async existing(_actor: SystemPrincipal, ids: readonly number[]): Promise<Set<number>> {
    const rows = await readRows<{ id: number }>(
      this.dataSource,
      'SELECT id FROM repositories WHERE id = ANY($1::bigint[])',
      [ids],
    );
    return new Set(rows.map(({ id }) => id));
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
