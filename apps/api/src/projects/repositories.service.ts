import type { UserPrincipal } from '@nohands/domain';
import type { Page } from '@nohands/database';
import type { PageQueryDto } from '../http/page.dto.js';
import type { CreateRepositoryDto, RepositoryDto, UpdateRepositoryDto } from './repositories.dto.js';

export abstract class RepositoriesService {
  abstract list(viewer: UserPrincipal, query: PageQueryDto): Promise<Page<RepositoryDto>>;
  abstract create(viewer: UserPrincipal, body: CreateRepositoryDto): Promise<RepositoryDto>;
  abstract get(viewer: UserPrincipal, id: number): Promise<RepositoryDto>;
  abstract update(
    viewer: UserPrincipal,
    id: number,
    body: UpdateRepositoryDto,
    revision: number | null,
  ): Promise<RepositoryDto>;
  abstract delete(viewer: UserPrincipal, id: number, revision: number | null): Promise<void>;
  abstract refresh(viewer: UserPrincipal, id: number): Promise<RepositoryDto>;
}
