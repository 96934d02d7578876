import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { RepositoriesStore } from '@nohands/database';
import { system } from '@nohands/domain';
import { RepositoryMirrors } from './repository-mirrors.js';

/** A mirror in use is left to the next sweep after this wait, in milliseconds. */
const patienceMilliseconds = 5_000;

/** Removes the mirrors of repositories that were deleted. */
@Injectable()
export class MirrorJanitor implements OnApplicationShutdown {
  readonly #logger = new Logger(MirrorJanitor.name);
  readonly #stop = new AbortController();
  #work: Promise<void> = Promise.resolve();

  constructor(
    private readonly mirrors: RepositoryMirrors,
    private readonly repositories: RepositoriesStore,
  ) {}

  /** Looks at all mirrors, or at one when a repository changed. Never rejects: the next look tries again. */
  sweep(repositoryId?: number): Promise<void> {
    this.#work = this.#work.then(() => this.#sweepNow(repositoryId));
    return this.#work;
  }

  async onApplicationShutdown(): Promise<void> {
    this.#stop.abort(new Error('The worker stops.'));
    await this.#work;
  }

  async #sweepNow(repositoryId: number | undefined): Promise<void> {
    try {
      // First the folders, then the database: a mirror that is made meanwhile belongs to a row that is there.
      const found = (await this.mirrors.list()).filter((id) => (repositoryId ?? id) === id);
      if (found.length === 0 || this.#stop.signal.aborted) return;
      const existing = await this.repositories.existing(system('worker'), found);
      for (const id of found) if (!existing.has(id)) await this.#remove(id);
    } catch (error) {
      // The folder cannot be read or the database is away: mirrors are only a cache.
      if (!this.#stop.signal.aborted) this.#logger.warn(`Old mirrors were not removed: ${String(error)}`);
    }
  }

  async #remove(id: number): Promise<void> {
    const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(patienceMilliseconds)]);
    await this.mirrors.remove(id, signal).then(
      () => this.#logger.log(`Removed the mirror of repository ${id}, which is gone.`),
      // In use by a refresh that has not yet noticed, or by another worker that removes it.
      (error: unknown) => this.#logger.warn(`The mirror of repository ${id} stays for now: ${String(error)}`),
    );
  }
}
