import { Component, inject, signal } from '@angular/core';
import { Api, type UserTokenDto, deleteAnyToken, listAllTokens } from '@nohands/api-client';
import { Loaded } from '../live/loaded';
import { ProblemNotice } from '../look/problem-notice';
import { Skeleton } from '../look/skeleton';
import { showInTrail } from '../shell/page-trail';
import { type Problem, readProblem } from '../shell/problem';
import { TokenTable } from './token-table';

@Component({
  selector: 'nh-all-tokens-page',
  imports: [ProblemNotice, Skeleton, TokenTable],
  template: `
    @for (problem of [problem(), tokens.problem()]; track $index) {
      @if (problem) {
        <nh-problem [problem]="problem" [canRetry]="true" (retry)="load()" />
      }
    }
    <section class="panel">
      @if (tokens.value(); as list) {
        <nh-token-table [tokens]="list" [showsOwner]="true" (revoke)="revoke($event.id)" />
      } @else {
        <nh-skeleton />
      }
    </section>
  `,
})
export class AllTokensPage {
  private readonly api = inject(Api);
  protected readonly tokens = new Loaded<readonly UserTokenDto[]>();
  protected readonly problem = signal<Problem | undefined>(undefined);

  constructor() {
    showInTrail(() => ({ title: 'Tokens', crumbs: [{ label: 'Administration', link: '/admin' }] }));
    void this.load();
  }

  protected load(): Promise<void> {
    return this.tokens.load(async () => (await this.api.invoke(listAllTokens, { limit: 100 })).results);
  }

  protected async revoke(id: number): Promise<void> {
    this.problem.set(undefined);
    try {
      await this.api.invoke(deleteAnyToken, { id });
      await this.load();
    } catch (error) {
      this.problem.set(readProblem(error));
    }
  }
}
