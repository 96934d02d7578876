import type { UserPrincipal } from '@nohands/domain';
import type { Page } from '@nohands/database';
import type { CommitDto, CommitsQueryDto } from './commits.dto.js';

export abstract class CommitsService {
  abstract list(viewer: UserPrincipal, query: CommitsQueryDto): Promise<Page<CommitDto>>;
}
