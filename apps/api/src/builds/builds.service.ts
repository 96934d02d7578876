import type { UserPrincipal } from '@nohands/domain';
import type { Page } from '@nohands/database';
import type { BuildDetailDto, BuildDto, BuildsQueryDto } from './builds.dto.js';

export abstract class BuildsService {
  abstract list(viewer: UserPrincipal, query: BuildsQueryDto): Promise<Page<BuildDto>>;
  abstract detail(viewer: UserPrincipal, id: number): Promise<BuildDetailDto>;
  abstract cancel(viewer: UserPrincipal, id: number, revision: number | null): Promise<BuildDto>;
}
