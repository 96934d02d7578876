import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { BuildLogsStore, type LogChunk, type LogPosition } from '@nohands/database';
import type { Principal } from '@nohands/domain';
import { NoticesFeed } from '../live/notices.feed.js';
import { BuildTail } from './build-tail.js';

export type FollowedLog = { readonly chunk: LogChunk } | { readonly end: LogPosition };

export type FollowOptions = {
  /** The last line the reader has; 0 for none. */
  readonly after: number;
  readonly signal: AbortSignal;
};

/** How long the end waits for the seal (number of lines, hash) of a build that has ended. */
const sealPatienceMilliseconds = 5_000;
const waitMilliseconds = 20_000;
/** How often a follow asks again whether its reader may still see the build. */
const sightMilliseconds = 20_000;

/** Logs while they grow: one tail per followed build, any number of readers, each at its own pace. */
@Injectable()
export class BuildsFeed implements OnModuleInit, OnApplicationShutdown {
  readonly #tails = new Map<number, { readonly tail: BuildTail; readers: number }>();
  #stopListening: () => void = () => undefined;

  constructor(
    private readonly logs: BuildLogsStore,
    private readonly notices: NoticesFeed,
  ) {}

  onModuleInit(): void {
    this.#stopListening = this.notices.listen({
      notice: (notice) => {
        if (notice.kind === 'logs') for (const [id] of notice.builds) this.#tails.get(id)?.tail.hint();
        if (notice.kind === 'build') this.#tails.get(notice.id)?.tail.hint();
      },
      reconnected: () => {
        for (const { tail } of this.#tails.values()) tail.hint();
      },
    });
  }

  onApplicationShutdown(): void {
    this.#stopListening();
    for (const { tail } of this.#tails.values()) tail.stop();
  }

  /** How many logs are read ahead for somebody at this moment. */
  get followedCount(): number {
    return this.#tails.size;
  }

  /**
   * Chunks from the line after `after` on, without gap or repeat, as they come; at last the end. A reader that is slow
   * is served from the store at its own pace. Ends without an end when `signal` aborts or the build is gone.
   */
  async *follow(
    viewer: Principal,
    buildId: number,
    { after, signal }: FollowOptions,
  ): AsyncGenerator<FollowedLog> {
    const tail = this.#enter(buildId);
    let cursor = after;
    let endedAt: number | null = null;
    let seenAt = performance.now();
    try {
      while (!signal.aborted) {
        if (performance.now() - seenAt > sightMilliseconds) {
          // Rights may have been taken away meanwhile; the tail knows no viewer.
          if ((await this.logs.position(viewer, buildId)) === null) return;
          seenAt = performance.now();
        }
        const seen = tail.changed.count;
        const { position, hasLooked } = tail;
        const chunks = tail.chunksAfter(cursor) ?? (await this.logs.read(viewer, buildId, cursor));
        for (const chunk of chunks) {
          yield { chunk };
          cursor = Math.max(cursor, chunk.nextLine - 1);
          if (signal.aborted) return;
        }
        if (chunks.length > 0) continue;
        if (position?.isFinal && cursor >= position.nextLine - 1) {
          endedAt ??= performance.now();
          const isPatient = performance.now() - endedAt < sealPatienceMilliseconds;
          if (position.logSha256 !== null || !isPatient) return yield { end: position };
        }
        if (position === null && hasLooked) return;
        await tail.changed.wait(seen, endedAt === null ? waitMilliseconds : sealPatienceMilliseconds, signal);
      }
    } finally {
      this.#leave(buildId);
    }
  }

  #enter(buildId: number): BuildTail {
    const followed = this.#tails.get(buildId) ?? { tail: new BuildTail(this.logs, buildId), readers: 0 };
    followed.readers += 1;
    this.#tails.set(buildId, followed);
    return followed.tail;
  }

  #leave(buildId: number): void {
    const followed = this.#tails.get(buildId);
    if (!followed) return;
    followed.readers -= 1;
    if (followed.readers > 0) return;
    followed.tail.stop();
    this.#tails.delete(buildId);
  }
}
