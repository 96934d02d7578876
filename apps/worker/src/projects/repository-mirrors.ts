import { join } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import type { Configuration } from '@nohands/config';
import type { ClaimedBuild } from '@nohands/database';
import { GitMirrors, type GitMirror } from '@nohands/git';
import { programRecordsDirectory } from '../program-reaper.js';
import { WORKER_CONFIGURATION } from '../worker-configuration.js';
import { RepositoryCredentials, type RepositoryAddress } from './repository-credentials.js';

/** The mirrors of this worker, opened by repository; each knows what opens its remote. */
@Injectable()
export class RepositoryMirrors {
  readonly #mirrors: GitMirrors;

  constructor(
    @Inject(WORKER_CONFIGURATION) configuration: Configuration,
    private readonly credentials: RepositoryCredentials,
  ) {
    this.#mirrors = new GitMirrors({
      mirrorsDirectory: configuration.gitCheckoutDir,
      allowLocal: configuration.gitAllowLocal,
      trustedPaths: [join(configuration.dataDir, 'sample')],
      allowPrivateAddresses: configuration.gitAllowPrivateAddresses,
      recordDirectory: programRecordsDirectory(configuration),
    });
  }

  /** Rejects with `GitError` when the stored credentials cannot be read. */
  async open(repository: RepositoryAddress): Promise<GitMirror> {
    const credentials = await this.credentials.find(repository);
    return this.#mirrors.open(repository.id, { url: repository.url, credentials });
  }

  /** With the credentials of the claim, which are the ones that the log of the build masks. */
  async openFor(build: ClaimedBuild): Promise<GitMirror> {
    const repository = { id: build.repositoryId, url: build.repositoryUrl };
    const credentials = this.credentials.open(repository, build.repositoryCredentials);
    return this.#mirrors.open(repository.id, { url: repository.url, credentials });
  }

  /** Ids of the repositories that have a mirror here. */
  list(): Promise<number[]> {
    return this.#mirrors.list();
  }

  /** Deletes the mirror of a repository that is gone. Rejects when it is in use and the signal ends the wait. */
  remove(repositoryId: number, signal: AbortSignal): Promise<void> {
    return this.#mirrors.remove(repositoryId, signal);
  }
}
