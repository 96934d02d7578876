import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import type { GitMirror } from '@nohands/git';

/** Repacks mirrors beside the work; nobody waits for it but the end of the process. */
@Injectable()
export class MirrorTidier implements OnApplicationShutdown {
  readonly #logger = new Logger(MirrorTidier.name);
  readonly #stop = new AbortController();
  #queue: Promise<void> = Promise.resolve();

  /** One after the other: packing takes a whole core. Answers at once; failures are only logged. */
  tidy(repositoryId: number, mirror: Pick<GitMirror, 'tidy'>): void {
    this.#queue = this.#queue.then(() => this.#tidyNow(repositoryId, mirror));
  }

  /** Resolves when no repacking is left. */
  settled(): Promise<void> {
    return this.#queue;
  }

  async onApplicationShutdown(): Promise<void> {
    // Git leaves what it was packing as it was; the next refresh removes the half pack.
    this.#stop.abort(new Error('The worker stops.'));
    await this.#queue;
  }

  async #tidyNow(repositoryId: number, mirror: Pick<GitMirror, 'tidy'>): Promise<void> {
    if (this.#stop.signal.aborted) return;
    try {
      await mirror.tidy(this.#stop.signal);
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      this.#logger.warn(`The mirror of repository ${repositoryId} could not be repacked: ${String(error)}`);
    }
  }
}
