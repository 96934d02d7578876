import { Component, inject, signal } from '@angular/core';
import { MatButton } from '@angular/material/button';
import { mdiAlertCircleOutline, mdiCheckCircle } from '@mdi/js';
import { Api, type QueueDto, type UpdateSettingsDto, getQueue, updateSettings } from '@nohands/api-client';
import { BuildTable } from '../builds/build-table';
import { followTopic } from '../live/follow-topic';
import { Loaded } from '../live/loaded';
import { Icon } from '../look/icon';
import { Notice } from '../look/notice';
import { ProblemNotice } from '../look/problem-notice';
import { RelativeTime } from '../look/relative-time';
import { Skeleton } from '../look/skeleton';
import { showInTrail } from '../shell/page-trail';
import { type Problem, readProblem } from '../shell/problem';

/** What runs, what waits and why, who works; and the two things one can turn: the limit, and pause. */
@Component({
  selector: 'nh-queue-page',
  imports: [BuildTable, Icon, MatButton, Notice, ProblemNotice, RelativeTime, Skeleton],
  templateUrl: './queue-page.html',
  styleUrl: './queue-page.scss',
})
export class QueuePage {
  private readonly api = inject(Api);
  protected readonly queue = new Loaded<QueueDto>();
  protected readonly problem = signal<Problem | null>(null);
  protected readonly icons = { ready: mdiCheckCircle, trouble: mdiAlertCircleOutline };

  constructor() {
    showInTrail(() => ({ title: 'Queue', crumbs: [{ label: 'Administration', link: '/admin' }] }));
    followTopic(() => 'queue', {
      load: () => this.load(),
      state: ({ queue }) => {
        if (queue) void this.queue.load(() => Promise.resolve(queue));
      },
    });
  }

  protected load(): Promise<void> {
    return this.queue.load(() => this.api.invoke(getQueue));
  }

  protected async change(body: UpdateSettingsDto): Promise<void> {
    this.problem.set(null);
    try {
      await this.api.invoke(updateSettings, { body });
      await this.load();
    } catch (error) {
      this.problem.set(readProblem(error));
    }
  }
}
