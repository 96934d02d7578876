import { Component, inject, signal } from '@angular/core';
import { MatButton } from '@angular/material/button';
import { MatDialog } from '@angular/material/dialog';
import { Router, RouterLink } from '@angular/router';
import { mdiSourceRepository } from '@mdi/js';
import { Api, type RepositoryDto, listRepositories } from '@nohands/api-client';
import { followTopic } from '../live/follow-topic';
import { Loaded } from '../live/loaded';
import { mergeLoaded } from '../live/newest-rows';
import { applyRowNews } from '../live/row-news';
import { cursorOf } from '../live/page-cursor';
import { EmptyState } from '../look/empty-state';
import { ProblemNotice } from '../look/problem-notice';
import { Skeleton } from '../look/skeleton';
import { showInTrail } from '../shell/page-trail';
import { RefreshState } from './refresh-state';

@Component({
  selector: 'nh-repositories-page',
  imports: [EmptyState, MatButton, ProblemNotice, RefreshState, RouterLink, Skeleton],
  templateUrl: './repositories-page.html',
  host: { class: 'page' },
})
export class RepositoriesPage {
  private readonly api = inject(Api);
  private readonly dialog = inject(MatDialog);
  private readonly router = inject(Router);
  protected readonly icons = { repository: mdiSourceRepository };
  protected readonly list = new Loaded<readonly RepositoryDto[]>();
  protected readonly next = signal<string | null>(null);

  constructor() {
    showInTrail(() => ({ title: 'Repositories' }));
    followTopic(() => 'repositories', {
      load: () => this.load(),
      state: ({ repository }) => repository && applyRowNews(this.list, repository, { insertNew: true }),
    });
  }

  protected load(): Promise<void> {
    return this.list.load(async () => {
      const shown = this.list.value() ?? [];
      const page = await this.api.invoke(listRepositories, {
        limit: Math.min(100, Math.max(50, shown.length)),
      });
      this.next.set(cursorOf(page.next));
      return mergeLoaded(this.list.value() ?? [], page.results);
    });
  }

  protected loadMore(cursor: string): Promise<void> {
    return this.list.load(async () => {
      const page = await this.api.invoke(listRepositories, { limit: 50, cursor });
      this.next.set(cursorOf(page.next));
      return [...(this.list.value() ?? []), ...page.results];
    });
  }

  protected async add(): Promise<void> {
    const { RepositoryDialog } = await import('./repository-dialog');
    const dialog = this.dialog.open<unknown, unknown, RepositoryDto>(RepositoryDialog, { width: '560px' });
    dialog.afterClosed().subscribe((created) => {
      if (created) void this.router.navigate(['/repositories', created.id]);
    });
  }
}
