import { Component, computed, effect, inject, input, output, signal, untracked } from '@angular/core';
import { MatButton } from '@angular/material/button';
import { RouterLink } from '@angular/router';
import {
  Api,
  type BranchDto,
  type BuildDto,
  type CommitDto,
  type TriggerBuildDto,
  listBuilds,
  listCommits,
} from '@nohands/api-client';
import { followTopic } from '../live/follow-topic';
import { Loaded } from '../live/loaded';
import { mergeLoaded } from '../live/newest-rows';
import { cursorOf } from '../live/page-cursor';
import { applyRowNews } from '../live/row-news';
import { BuildState, stateWords } from '../look/build-state';
import { subjectOf } from '../look/format';
import { ProblemNotice } from '../look/problem-notice';
import { RelativeTime } from '../look/relative-time';
import { Sha } from '../look/sha';
import { Skeleton } from '../look/skeleton';
import { BuildButton } from './build-button';

/** The commits of a branch, newest first, each with its last build and the button that makes one. */
@Component({
  selector: 'nh-commit-list',
  imports: [BuildButton, BuildState, MatButton, ProblemNotice, RelativeTime, RouterLink, Sha, Skeleton],
  templateUrl: './commit-list.html',
  styleUrl: './commit-list.scss',
  host: { class: 'panel' },
})
export class CommitList {
  private readonly api = inject(Api);
  readonly branch = input.required<BranchDto>();
  /** When it changes, the branch may have moved. */
  readonly refreshedAt = input.required<string | null>();
  readonly build = output<Omit<TriggerBuildDto, 'repository_id'>>();
  protected readonly commits = new Loaded<readonly CommitDto[]>();
  protected readonly older = signal<string | null>(null);
  private readonly builds = new Loaded<readonly BuildDto[]>();
  private readonly branchId = computed(() => this.branch().id);
  protected readonly subjectOf = subjectOf;
  protected readonly stateWords = stateWords;

  protected readonly newestBuild = computed(() => {
    const newest = new Map<number, BuildDto>();
    for (const build of this.builds.value() ?? []) {
      if ((newest.get(build.commit_id)?.id ?? 0) < build.id) newest.set(build.commit_id, build);
    }
    return newest;
  });

  constructor() {
    effect(() => {
      this.branchId();
      untracked(() => this.commits.clear());
    });
    effect(() => {
      this.branchId();
      this.refreshedAt();
      untracked(() => void this.load());
    });
    followTopic(() => 'builds', {
      load: () => this.loadBuilds(),
      state: ({ build }) => {
        if (build?.repository_id === this.branch().repository_id)
          applyRowNews(this.builds, build, { insertNew: true });
      },
    });
  }

  protected load(): Promise<void> {
    return this.commits.load(async () => {
      const page = await this.api.invoke(listCommits, { branch: this.branchId(), limit: 50 });
      this.older.set(cursorOf(page.next));
      return page.results;
    });
  }

  protected loadOlder(cursor: string): Promise<void> {
    return this.commits.load(async () => {
      const page = await this.api.invoke(listCommits, { branch: this.branchId(), limit: 50, cursor });
      this.older.set(cursorOf(page.next));
      return [...(this.commits.value() ?? []), ...page.results];
    });
  }

  private loadBuilds(): Promise<void> {
    return this.builds.load(async () => {
      const page = await this.api.invoke(listBuilds, { repository: this.branch().repository_id, limit: 100 });
      return mergeLoaded(this.builds.value() ?? [], page.results);
    });
  }
}
