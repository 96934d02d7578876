import type { UserPrincipal } from '@nohands/domain';
import type { BuildDto, TriggerBuildDto } from './builds.dto.js';

export abstract class TriggerService {
  abstract trigger(viewer: UserPrincipal, body: TriggerBuildDto, key: string | null): Promise<BuildDto>;
}
