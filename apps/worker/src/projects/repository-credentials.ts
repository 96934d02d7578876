import { Inject, Injectable } from '@nestjs/common';
import type { ServerConfiguration } from '@nohands/config';
import {
  openCredentials,
  RepositoryCredentialsStore,
  SecretCipher,
  SecretUnreadableError,
  type ClaimedBuild,
  type StoredCredentials,
} from '@nohands/database';
import { secretsOfCredentials, system, type GitCredentials } from '@nohands/domain';
import { GitError } from '@nohands/git';
import { WORKER_CONFIGURATION } from '../worker-configuration.js';

export type RepositoryAddress = { readonly id: number; readonly url: string };

/** Opens what is stored of a repository's credentials, at the last moment before git needs them. */
@Injectable()
export class RepositoryCredentials {
  readonly #cipher: SecretCipher;

  constructor(
    private readonly store: RepositoryCredentialsStore,
    @Inject(WORKER_CONFIGURATION) { secretKey }: ServerConfiguration,
  ) {
    this.#cipher = new SecretCipher(secretKey);
  }

  /** Null when the repository needs none. Rejects with `GitError` when they cannot be read. */
  async find(repository: RepositoryAddress): Promise<GitCredentials | null> {
    return this.open(repository, await this.store.find(system('worker'), repository.id));
  }

  /** Those that came with a claim: the ones whose build log masks them. Throws `GitError`. */
  open(repository: RepositoryAddress, stored: StoredCredentials | null): GitCredentials | null {
    try {
      return openCredentials(this.#cipher, repository, stored);
    } catch (error) {
      if (!(error instanceof SecretUnreadableError)) throw error;
      const sentence = `The stored user name and password of this repository cannot be read. ${error.message}`;
      throw new GitError('repository_denied', sentence, null, { cause: error });
    }
  }

  /** What the log of a build must never show of its repository's credentials; nothing when they cannot be read. */
  secretsOf({ repositoryId, repositoryUrl, repositoryCredentials }: ClaimedBuild): string[] {
    try {
      const address = { id: repositoryId, url: repositoryUrl };
      const credentials = this.open(address, repositoryCredentials);
      return credentials === null ? [] : secretsOfCredentials(credentials);
    } catch (error) {
      // What nobody can read, nobody can write into a log; the checkout says why it fails.
      if (error instanceof GitError) return [];
      throw error;
    }
  }
}
