import type { UserPrincipal } from '@nohands/domain';
import type { Page } from '@nohands/database';
import type { BranchDto, RefsQueryDto } from './refs.dto.js';

export abstract class RefsService {
  abstract list(viewer: UserPrincipal, kind: 'branch' | 'tag', query: RefsQueryDto): Promise<Page<BranchDto>>;
}
