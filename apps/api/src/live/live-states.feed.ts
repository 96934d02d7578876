import { Injectable } from '@nestjs/common';
import { BuildsStore, RepositoriesStore, type Notice } from '@nohands/database';
import { Problem, type UserPrincipal } from '@nohands/domain';
import { QueueService } from '../admin/queue.service.js';
import { toBuildDto } from '../builds/build-answers.js';
import { BuildsService } from '../builds/builds.service.js';
import { toRepositoryDto } from '../projects/repository-answers.js';
import { NoticesFeed } from './notices.feed.js';
import type { StateTopic } from './topics.js';
import { WakeUp } from './wake-up.js';

/** `data` of a state frame, without its topic. */
export type State = Record<string, unknown>;

const recentBuilds = 20;
/** Several changes within this time are one frame of the queue. */
const queuePauseMilliseconds = 200;
/** Readers look by themselves this often, should a notice be lost. */
const lookMilliseconds = 2_000;

/** Whole rows of what changed, as one viewer may see them. */
@Injectable()
export class LiveStatesFeed {
  constructor(
    private readonly notices: NoticesFeed,
    private readonly builds: BuildsStore,
    private readonly buildsService: BuildsService,
    private readonly repositories: RepositoriesStore,
    private readonly queue: QueueService,
  ) {}

  /** Follows a topic until `signal` aborts. Problems: `forbidden`, `not_found`. */
  async *follow(viewer: UserPrincipal, topic: StateTopic, signal: AbortSignal): AsyncGenerator<State> {
    switch (topic.kind) {
      case 'builds':
        return yield* this.#changes(signal, (ids) => this.#changedBuilds(viewer, ids), isBuild);
      case 'repositories':
        return yield* this.#changes(signal, (ids) => this.#changedRepositories(viewer, ids), isRepository);
      case 'build':
        return yield* this.#one(signal, () => this.#build(viewer, topic.id), isBuild, topic.id);
      case 'repository':
        return yield* this.#one(signal, () => this.#repository(viewer, topic.id), isRepository, topic.id);
      case 'queue':
        if (!viewer.isAdmin) throw new Problem('forbidden', 'Only administrators see the queue.');
        return yield* this.#queueStates(viewer, signal);
    }
  }

  /** A list: the rows named by notices; after a lost connection (`null`) the newest ones. */
  async *#changes(
    signal: AbortSignal,
    read: (ids: ReadonlySet<number> | null) => Promise<State[]>,
    idOf: (notice: Notice) => number | null,
  ): AsyncGenerator<State> {
    const told = new WakeUp();
    let changed: Set<number> | null = new Set<number>();
    const stop = this.notices.listen({
      notice: (notice) => {
        const id = idOf(notice);
        if (id === null) return;
        changed?.add(id);
        told.ring();
      },
      reconnected: () => {
        changed = null;
        told.ring();
      },
    });
    try {
      while (!signal.aborted) {
        const seen = told.count;
        const ids: ReadonlySet<number> | null = changed;
        changed = new Set();
        if (ids === null || ids.size > 0) yield* await read(ids);
        await told.wait(seen, 60_000, signal);
      }
    } finally {
      stop();
    }
  }

  /** One thing: its row as it is now, then at every change. */
  async *#one(
    signal: AbortSignal,
    read: () => Promise<{ version: string; state: State } | null>,
    idOf: (notice: Notice) => number | null,
    id: number,
  ): AsyncGenerator<State> {
    const told = new WakeUp();
    const stop = this.notices.listen({
      notice: (notice) => idOf(notice) === id && told.ring(),
      reconnected: () => told.ring(),
    });
    let sent: string | null = null;
    try {
      while (!signal.aborted) {
        const seen = told.count;
        const found = await read();
        if (!found) throw new Problem('not_found', 'It does not exist (any more), or you may not see it.');
        if (found.version !== sent) yield found.state;
        sent = found.version;
        await told.wait(seen, lookMilliseconds, signal);
      }
    } finally {
      stop();
    }
  }

  async *#queueStates(viewer: UserPrincipal, signal: AbortSignal): AsyncGenerator<State> {
    const told = new WakeUp();
    const stop = this.notices.listen({
      notice: ({ kind }) => (kind === 'queue' || kind === 'build') && told.ring(),
      reconnected: () => told.ring(),
    });
    try {
      while (!signal.aborted) {
        const seen = told.count;
        yield { queue: await this.queue.read(viewer) };
        await new WakeUp().wait(0, queuePauseMilliseconds, signal);
        // Heartbeats make no notices; the page shows them all the same.
        await told.wait(seen, lookMilliseconds, signal);
      }
    } finally {
      stop();
    }
  }

  async #build(viewer: UserPrincipal, id: number) {
    const build = await this.buildsService.state(viewer, id);
    // Why it waits is worked out when asked, so it changes without a revision.
    return build && { version: `${build.revision} ${build.waiting_reason}`, state: { build } };
  }

  async #repository(viewer: UserPrincipal, id: number) {
    const row = await this.repositories.find(viewer, id);
    return row && { version: String(row.revision), state: { repository: toRepositoryDto(row) } };
  }

  async #changedBuilds(viewer: UserPrincipal, ids: ReadonlySet<number> | null): Promise<State[]> {
    const rows = ids
      ? await Promise.all([...ids].map((id) => this.builds.find(viewer, id)))
      : (await this.builds.page(viewer, {}, { limit: recentBuilds })).results.reverse();
    return rows.filter((row) => row !== null).map((row) => ({ build: toBuildDto(row) }));
  }

  async #changedRepositories(viewer: UserPrincipal, ids: ReadonlySet<number> | null): Promise<State[]> {
    if (ids === null) {
      const { results } = await this.repositories.page(viewer, { limit: 100 });
      return results.map((row) => ({ repository: toRepositoryDto(row) }));
    }
    const found = await Promise.all(
      [...ids].map(async (id) => ({ id, row: await this.repositories.find(viewer, id) })),
    );
    return found.map(({ id, row }) => (row ? { repository: toRepositoryDto(row) } : { removed: id }));
  }
}

function isBuild(notice: Notice): number | null {
  return notice.kind === 'build' ? notice.id : null;
}

function isRepository(notice: Notice): number | null {
  return notice.kind === 'repository' ? notice.id : null;
}
