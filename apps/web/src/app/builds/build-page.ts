import {
  Component,
  DestroyRef,
  computed,
  effect,
  inject,
  input,
  numberAttribute,
  signal,
  untracked,
  viewChild,
} from '@angular/core';
import { Api, type BuildDetailDto, type BuildDto, type BuildStateDto, getBuild } from '@nohands/api-client';
import { followTopic } from '../live/follow-topic';
import { LiveSocket } from '../live/live-socket';
import { Loaded } from '../live/loaded';
import { newerOf } from '../live/newest-rows';
import { ProblemNotice } from '../look/problem-notice';
import { Skeleton } from '../look/skeleton';
import { showInTrail } from '../shell/page-trail';
import { Shortcuts } from '../shell/shortcuts';
import { BuildFacts } from './build-facts';
import { BuildLog } from './build-log';
import { BuildSteps } from './build-steps';
import { LogLines } from './log-lines';

/** One build: its facts, its steps, and every line of its log as it happens. */
@Component({
  selector: 'nh-build-page',
  imports: [BuildFacts, BuildLog, BuildSteps, ProblemNotice, Skeleton],
  templateUrl: './build-page.html',
  styleUrl: './build-page.scss',
  host: { class: 'page fills' },
})
export class BuildPage {
  private readonly api = inject(Api);
  private readonly socket = inject(LiveSocket);
  readonly id = input.required({ transform: numberAttribute });
  protected readonly build = new Loaded<BuildStateDto>();
  protected readonly lines = signal(new LogLines());
  private readonly log = viewChild(BuildLog);
  protected readonly isOpen = computed(() => {
    const status = this.build.value()?.status;
    return status === 'pending' || status === 'running';
  });

  constructor() {
    showInTrail(() => this.place());
    followTopic(() => `builds/${this.id()}`, {
      load: () => this.load(),
      state: ({ build }) => build && this.take(build),
    });
    this.followLog();
    inject(DestroyRef).onDestroy(
      inject(Shortcuts).add([
        { keys: 'f', does: 'Follow the end of the log', run: () => this.log()?.followEnd() },
        { keys: 'Home', does: 'Go to the first line', run: () => this.log()?.goToStart() },
        { keys: 'End', does: 'Go to the last line', run: () => this.log()?.followEnd() },
      ]),
    );
  }

  protected load(): Promise<void> {
    return this.build.load(async () => {
      const loaded: BuildDetailDto = await this.api.invoke(getBuild, { id: this.id() });
      return newerOf<BuildStateDto>(this.build.value(), loaded);
    });
  }

  /** Answers and news may be rows without steps: what is known of those stays. */
  protected take(build: BuildDto | BuildStateDto): void {
    this.build.value.update((known) => (known ? newerOf(known, { ...known, ...build }) : known));
  }

  /** One topic with a cursor: whatever is cut off is asked for again from the last line that is here. */
  private followLog(): void {
    effect((onCleanup) => {
      const topic = `builds/${this.id()}/logs`;
      untracked(() => {
        const lines = new LogLines();
        this.lines.set(lines);
        this.build.clear();
        onCleanup(
          this.socket.subscribe(topic, {
            after: () => lines.lastLine,
            receive: (frame) => {
              if (frame.event === 'log' && !lines.append(frame.data.records)) this.socket.resume(topic);
            },
          }),
        );
      });
    });
  }

  private place() {
    const build = this.build.value();
    const title = `Build ${this.id()}`;
    const builds = { label: 'Builds', link: '/builds' };
    if (!build) return { title, crumbs: [builds] };
    const repository = { label: build.repository_name, link: `/repositories/${build.repository_id}` };
    return { title, crumbs: [repository], status: build.status };
  }
}
