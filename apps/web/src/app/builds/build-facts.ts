import { Component, computed, inject, input, output, signal } from '@angular/core';
import { MatButton } from '@angular/material/button';
import { Router, RouterLink } from '@angular/router';
import {
  Api,
  type BuildDto,
  type BuildStateDto,
  cancelBuild,
  downloadBuildImage,
  triggerBuild,
} from '@nohands/api-client';
import { BuildDuration } from '../look/build-duration';
import { BuildState } from '../look/build-state';
import { CopyButton } from '../look/copy-button';
import { formatBytes } from '../look/format';
import { Notice } from '../look/notice';
import { ProblemNotice } from '../look/problem-notice';
import { RelativeTime } from '../look/relative-time';
import { Sha } from '../look/sha';
import { type Problem, readProblem } from '../shell/problem';
import { refName } from './ref-name';
import { waitingReasons } from './waiting-reasons';

/** The head of the build page: what was asked for, how it stands, what came out, and why it failed. */
@Component({
  selector: 'nh-build-facts',
  imports: [
    BuildDuration,
    BuildState,
    CopyButton,
    MatButton,
    Notice,
    ProblemNotice,
    RelativeTime,
    RouterLink,
    Sha,
  ],
  templateUrl: './build-facts.html',
  styleUrl: './build-facts.scss',
})
export class BuildFacts {
  private readonly api = inject(Api);
  private readonly router = inject(Router);
  readonly build = input.required<BuildStateDto>();
  readonly changed = output<BuildDto>();
  protected readonly problem = signal<Problem | null>(null);
  protected readonly isBusy = signal(false);
  protected readonly refName = refName;
  protected readonly formatBytes = formatBytes;
  protected readonly isOpen = computed(
    () => this.build().status === 'pending' || this.build().status === 'running',
  );
  protected readonly isStopping = computed(() => this.isOpen() && this.build().cancel_requested_at !== null);
  protected readonly waitsFor = computed(() => {
    const reason = this.build().waiting_reason;
    return reason === null ? null : waitingReasons[reason].long;
  });
  protected readonly imageAddress = computed(() =>
    downloadBuildImage.PATH.replace('{id}', String(this.build().id)),
  );

  protected cancel(): Promise<void> {
    return this.attempt(async () =>
      this.changed.emit(await this.api.invoke(cancelBuild, { id: this.build().id })),
    );
  }

  protected buildAgain(): Promise<void> {
    const { repository_id, commit_id, push_to_registry } = this.build();
    return this.attempt(async () => {
      const build = await this.api.invoke(triggerBuild, {
        body: { repository_id, commit_id, push_to_registry },
      });
      await this.router.navigate(['/builds', build.id]);
    });
  }

  private async attempt(work: () => Promise<void>): Promise<void> {
    this.isBusy.set(true);
    this.problem.set(null);
    try {
      await work();
    } catch (error) {
      this.problem.set(readProblem(error));
    } finally {
      this.isBusy.set(false);
    }
  }
}
