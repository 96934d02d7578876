import type { UserPrincipal } from '@nohands/domain';
import type { Readable } from 'node:stream';

export abstract class BuildImagesService {
  abstract open(
    viewer: UserPrincipal,
    id: number,
  ): Promise<{ digest: string; fileName: string; archive: Readable }>;
}
