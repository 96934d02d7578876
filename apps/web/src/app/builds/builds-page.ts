import { Component, computed, effect, inject, input, signal, untracked } from '@angular/core';
import { MatButton } from '@angular/material/button';
import { Router, RouterLink } from '@angular/router';
import { mdiHammerWrench } from '@mdi/js';
import {
  Api,
  type BuildDto,
  type BuildStatus,
  type RepositoryDto,
  listBuilds,
  listRepositories,
} from '@nohands/api-client';
import { followTopic } from '../live/follow-topic';
import { Loaded } from '../live/loaded';
import { mergeLoaded } from '../live/newest-rows';
import { cursorOf } from '../live/page-cursor';
import { applyRowNews } from '../live/row-news';
import { stateWords } from '../look/build-state';
import { EmptyState } from '../look/empty-state';
import { ProblemNotice } from '../look/problem-notice';
import { Skeleton } from '../look/skeleton';
import { showInTrail } from '../shell/page-trail';
import { BuildTable } from './build-table';

type Query = { readonly repository?: number; readonly status?: BuildStatus; readonly cursor?: string };

/** The history: filters and page live in the address, so that it can be shared and the back key works. */
@Component({
  selector: 'nh-builds-page',
  imports: [BuildTable, EmptyState, MatButton, ProblemNotice, RouterLink, Skeleton],
  templateUrl: './builds-page.html',
  host: { class: 'page' },
  styles: `
    .paging {
      display: flex;
      align-items: center;
      gap: var(--space-2);
      padding-top: var(--space-3);
    }
    label {
      display: inline-flex;
      align-items: center;
      gap: var(--space-2);
      max-width: 100%;
    }
    .select {
      min-width: 0;
    }
  `,
})
export class BuildsPage {
  private readonly api = inject(Api);
  private readonly router = inject(Router);
  readonly repository = input<string>();
  readonly status = input<string>();
  readonly cursor = input<string>();

  protected readonly query = computed<Query>(() =>
    readQuery(this.repository(), this.status(), this.cursor()),
  );
  protected readonly list = new Loaded<readonly BuildDto[]>();
  protected readonly repositories = signal<readonly RepositoryDto[]>([]);
  protected readonly ends = signal<{ next: string | null; previous: string | null; count: number | null }>({
    next: null,
    previous: null,
    count: null,
  });
  protected readonly shown = computed(() => this.list.value()?.filter((build) => fits(build, this.query())));
  protected readonly isFiltered = computed(
    () => this.query().repository !== undefined || this.query().status !== undefined,
  );
  protected readonly words = Object.entries(stateWords);
  protected readonly icon = mdiHammerWrench;

  constructor() {
    showInTrail(() => ({ title: 'Builds' }));
    followTopic(() => 'builds', { load: () => this.load(), state: ({ build }) => build && this.take(build) });
    let isFirst = true;
    effect(() => {
      this.query();
      untracked(() => {
        // The first load is the subscription's.
        if (!isFirst) void this.load();
        isFirst = false;
      });
    });
    this.api.invoke(listRepositories, { limit: 100 }).then(
      ({ results }) => this.repositories.set(results),
      () => undefined, // The list below says what is wrong with the server.
    );
  }

  protected load(): Promise<void> {
    return this.list.load(async () => {
      const { next, previous, count, results } = await this.api.invoke(listBuilds, {
        ...this.query(),
        limit: 25,
      });
      this.ends.set({ next: cursorOf(next), previous: cursorOf(previous), count });
      return mergeLoaded(this.list.value() ?? [], results);
    });
  }

  protected choose(filter: { repository?: string; status?: string }): void {
    const choice = Object.fromEntries(Object.entries(filter).map(([name, value]) => [name, value || null]));
    void this.router.navigate(['/builds'], {
      queryParams: { ...choice, cursor: null },
      queryParamsHandling: 'merge',
    });
  }

  private take(build: BuildDto): void {
    applyRowNews(this.list, build, {
      insertNew: this.query().cursor === undefined && fits(build, this.query()),
    });
  }
}

function readQuery(repository?: string, status?: string, cursor?: string): Query {
  return {
    ...(repository !== undefined && /^\d+$/.test(repository) ? { repository: Number(repository) } : {}),
    ...(status !== undefined && status in stateWords ? { status: status as BuildStatus } : {}),
    ...(cursor ? { cursor } : {}),
  };
}

/** A build that moved on while it was shown no longer belongs under the filter of its old state. */
function fits(build: BuildDto, { repository, status }: Query): boolean {
  return (
    (repository === undefined || build.repository_id === repository) &&
    (status === undefined || build.status === status)
  );
}
