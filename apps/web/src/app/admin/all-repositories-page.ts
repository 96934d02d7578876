import { Component, inject } from '@angular/core';
import { RouterLink } from '@angular/router';
import { Api, type RepositoryDto, listRepositories } from '@nohands/api-client';
import { followTopic } from '../live/follow-topic';
import { Loaded } from '../live/loaded';
import { mergeLoaded } from '../live/newest-rows';
import { applyRowNews } from '../live/row-news';
import { ProblemNotice } from '../look/problem-notice';
import { Skeleton } from '../look/skeleton';
import { RefreshState } from '../projects/refresh-state';
import { showInTrail } from '../shell/page-trail';

/** Every repository with what an administrator looks for: whether it is read, and why not. */
@Component({
  selector: 'nh-all-repositories-page',
  imports: [ProblemNotice, RefreshState, RouterLink, Skeleton],
  template: `
    @if (list.problem(); as problem) {
      <nh-problem [problem]="problem" [canRetry]="true" (retry)="load()" />
    }
    <section class="panel">
      @if (list.value(); as repositories) {
        <table class="rows stacks">
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col">Image name</th>
              <th scope="col">State</th>
              <th scope="col">Last refresh</th>
              <th scope="col">Trouble</th>
            </tr>
          </thead>
          <tbody>
            @for (repository of repositories; track repository.id) {
              <tr>
                <td class="wide">
                  <a [routerLink]="['/repositories', repository.id]">{{ repository.name }}</a>
                </td>
                <td>
                  <code>{{ repository.image_name }}</code>
                </td>
                <td>{{ repository.is_active ? 'active' : 'paused' }}</td>
                <td class="quiet"><nh-refresh-state [repository]="repository" /></td>
                <td class="quiet wide">{{ repository.refresh_error }}</td>
              </tr>
            } @empty {
              <tr>
                <td colspan="5" class="quiet">No repository is connected yet.</td>
              </tr>
            }
          </tbody>
        </table>
      } @else {
        <nh-skeleton />
      }
    </section>
  `,
})
export class AllRepositoriesPage {
  private readonly api = inject(Api);
  protected readonly list = new Loaded<readonly RepositoryDto[]>();

  constructor() {
    showInTrail(() => ({ title: 'Repositories', crumbs: [{ label: 'Administration', link: '/admin' }] }));
    followTopic(() => 'repositories', {
      load: () => this.load(),
      state: ({ repository }) => repository && applyRowNews(this.list, repository, { insertNew: true }),
    });
  }

  protected load(): Promise<void> {
    return this.list.load(async () => {
      const page = await this.api.invoke(listRepositories, { limit: 100 });
      return mergeLoaded(this.list.value() ?? [], page.results);
    });
  }
}
