import { Injectable } from '@nestjs/common';
import { RefsStore, type Page, type RefKind } from '@nohands/database';
import type { UserPrincipal } from '@nohands/domain';
import { mapPage, toPageRequest } from '../http/pages.js';
import type { BranchDto, RefsQueryDto } from './refs.dto.js';
import { RepositoriesService } from './repositories.service.js';

/** Branches and tags as the last refresh found them. */
@Injectable()
export class RefsService {
  constructor(
    private readonly refs: RefsStore,
    private readonly repositories: RepositoriesService,
  ) {}

  async list(viewer: UserPrincipal, kind: RefKind, query: RefsQueryDto): Promise<Page<BranchDto>> {
    const { repository } = query;
    if (repository !== undefined) await this.repositories.require(viewer, repository);
    const page = await this.refs.page(viewer, kind, repository ?? null, toPageRequest(query));
    return mapPage(page, (row) => ({
      id: row.id,
      repository_id: row.repositoryId,
      repository_name: row.repositoryName,
      name: row.name,
      commit_sha: row.commitSha,
      last_updated: row.lastUpdated.toISOString(),
    }));
  }
}
