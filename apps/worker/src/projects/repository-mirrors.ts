import { join } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import type { Configuration } from '@nohands/config';
import { GitMirrors, type GitMirror } from '@nohands/git';
import { WORKER_CONFIGURATION } from '../worker-configuration.js';

/** The mirrors of this worker, opened by repository. */
@Injectable()
export class RepositoryMirrors {
  readonly #mirrors: GitMirrors;

  constructor(@Inject(WORKER_CONFIGURATION) configuration: Configuration) {
    this.#mirrors = new GitMirrors({
      mirrorsDirectory: configuration.gitCheckoutDir,
      allowLocal: configuration.gitAllowLocal,
      trustedPaths: [join(configuration.dataDir, 'sample')],
      allowPrivateAddresses: configuration.gitAllowPrivateAddresses,
    });
  }

  open(repository: { readonly id: number; readonly url: string }): Promise<GitMirror> {
    return this.#mirrors.open(repository.id, { url: repository.url, credentials: null });
  }
}
