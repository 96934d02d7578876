import { Injectable } from '@nestjs/common';
import { BuildsStore } from '@nohands/database';
import { Problem, type UserPrincipal } from '@nohands/domain';
import { BlobNotFound, BlobStorage, findKeptLayout, openLayoutArchive } from '@nohands/storage';
import type { Readable } from 'node:stream';
import { requirePossibleId } from '../http/pages.js';

export type OpenImage = { readonly digest: string; readonly fileName: string; readonly archive: Readable };

/** The kept images of builds. */
@Injectable()
export class BuildImagesService {
  constructor(
    private readonly builds: BuildsStore,
    private readonly storage: BlobStorage,
  ) {}

  /** The image as an OCI archive. Problems: `not_found`, `image_not_kept`. */
  async open(viewer: UserPrincipal, id: number): Promise<OpenImage> {
    requirePossibleId(id, 'build');
    const build = await this.builds.find(viewer, id);
    if (!build) throw new Problem('not_found', 'There is no such build.');
    const { imageDigest, imageTag, repositoryName, commitSha } = build;
    if (imageDigest === null)
      throw new Problem('image_not_kept', 'This build has no image: it did not get that far.');
    await this.#requireKept(imageDigest);
    const name = repositoryName.replace(/[^A-Za-z0-9._-]+/g, '-');
    return {
      digest: imageDigest,
      fileName: `${name}-${commitSha.slice(0, 12)}.oci.tar`,
      archive: openLayoutArchive(this.storage, imageDigest, imageTag),
    };
  }

  /** Before the first byte: an archive that breaks off in the middle says much less. */
  async #requireKept(digest: string): Promise<void> {
    try {
      await findKeptLayout(this.storage, digest);
    } catch (error) {
      if (!(error instanceof BlobNotFound)) throw error;
      throw new Problem(
        'image_not_kept',
        'The image of this build is not in the storage any more. Build it again.',
      );
    }
  }
}
