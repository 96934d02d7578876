import { Injectable } from '@nestjs/common';
import { CommitsStore, RefsStore, type CommitRow, type Page } from '@nohands/database';
import { Problem, type UserPrincipal } from '@nohands/domain';
import { invalidField } from '../http/api-problems.errors.js';
import { mapPage, requirePossibleId, toPageRequest } from '../http/pages.js';
import type { CommitDto, CommitsQueryDto } from './commits.dto.js';
import { RepositoriesService } from './repositories.service.js';

/** Commits that refreshes have found. */
@Injectable()
export class CommitsService {
  constructor(
    private readonly commits: CommitsStore,
    private readonly refs: RefsStore,
    private readonly repositories: RepositoriesService,
  ) {}

  async list(viewer: UserPrincipal, query: CommitsQueryDto): Promise<Page<CommitDto>> {
    const { branch, repository } = query;
    if (repository !== undefined) await this.repositories.require(viewer, repository);
    if (branch === undefined) {
      return mapPage(await this.commits.page(viewer, repository ?? null, toPageRequest(query)), toCommitDto);
    }
    await this.#requireBranch(viewer, branch, repository);
    return mapPage(await this.commits.pageOfBranch(viewer, branch, toPageRequest(query)), toCommitDto);
  }

  /** Problem `not_found` for a commit that does not exist or may not be seen. */
  async require(viewer: UserPrincipal, id: number): Promise<CommitRow> {
    requirePossibleId(id, 'commit');
    const row = await this.commits.find(viewer, id);
    if (!row) throw new Problem('not_found', 'There is no such commit.');
    return row;
  }

  async #requireBranch(viewer: UserPrincipal, id: number, repository: number | undefined): Promise<void> {
    requirePossibleId(id, 'branch');
    const row = await this.refs.find(viewer, 'branch', id);
    if (!row) throw new Problem('not_found', 'There is no such branch.');
    if (repository !== undefined && row.repositoryId !== repository) {
      throw invalidField('query:branch', 'is a branch of another repository');
    }
  }
}

function toCommitDto(row: CommitRow): CommitDto {
  return {
    id: row.id,
    repository_id: row.repositoryId,
    repository_name: row.repositoryName,
    branch_name: row.branchName,
    sha: row.sha,
    message: row.message,
    author: row.author,
    author_email: row.authorEmail,
    committed_at: row.committedAt.toISOString(),
  };
}
