import {
  Component,
  computed,
  effect,
  inject,
  input,
  numberAttribute,
  signal,
  untracked,
} from '@angular/core';
import { MatButton } from '@angular/material/button';
import { MatDialog } from '@angular/material/dialog';
import { MatMenu, MatMenuItem, MatMenuTrigger } from '@angular/material/menu';
import { Router } from '@angular/router';
import { mdiDotsHorizontal } from '@mdi/js';
import {
  Api,
  type BranchDto,
  type BuildDto,
  type RepositoryDto,
  type TagDto,
  type TriggerBuildDto,
  getRepository,
  listBranches,
  listTags,
  refreshRepository,
  triggerBuild,
} from '@nohands/api-client';
import { followTopic } from '../live/follow-topic';
import { Loaded } from '../live/loaded';
import { newerOf } from '../live/newest-rows';
import { CopyButton } from '../look/copy-button';
import { Icon } from '../look/icon';
import { Notice } from '../look/notice';
import { ProblemNotice } from '../look/problem-notice';
import { Skeleton } from '../look/skeleton';
import { showInTrail } from '../shell/page-trail';
import { type Problem, readProblem } from '../shell/problem';
import { CommitList } from './commit-list';
import { RefList } from './ref-list';
import { RefreshState } from './refresh-state';
import { TagPanel } from './tag-panel';

type Refs = { readonly branches: readonly BranchDto[]; readonly tags: readonly TagDto[] };

@Component({
  selector: 'nh-repository-page',
  imports: [
    CommitList,
    CopyButton,
    Icon,
    MatButton,
    MatMenu,
    MatMenuItem,
    MatMenuTrigger,
    Notice,
    ProblemNotice,
    RefList,
    RefreshState,
    Skeleton,
    TagPanel,
  ],
  templateUrl: './repository-page.html',
  styleUrl: './repository-page.scss',
  host: { class: 'page' },
})
export class RepositoryPage {
  private readonly api = inject(Api);
  private readonly dialog = inject(MatDialog);
  private readonly router = inject(Router);
  readonly id = input.required({ transform: numberAttribute });
  /** From the address: `?branch=3` or `?tag=7`. */
  readonly branch = input(undefined, { transform: optionalNumber });
  readonly tag = input(undefined, { transform: optionalNumber });

  protected readonly repository = new Loaded<RepositoryDto>();
  protected readonly refs = new Loaded<Refs>();
  protected readonly actionProblem = signal<Problem | null>(null);
  private isBusy = false;
  protected readonly menuIcon = mdiDotsHorizontal;
  protected readonly chosenTag = computed(() => this.refs.value()?.tags.find((tag) => tag.id === this.tag()));
  protected readonly chosenBranch = computed(() => {
    if (this.tag() !== undefined) return undefined;
    const branches = this.refs.value()?.branches ?? [];
    const wanted = this.branch();
    return (
      branches.find((branch) =>
        wanted === undefined ? branch.name === this.repository.value()?.default_branch : branch.id === wanted,
      ) ?? branches[0]
    );
  });

  constructor() {
    showInTrail(() => ({
      title: this.repository.value()?.name ?? 'Repository',
      crumbs: [{ label: 'Repositories', link: '/repositories' }],
    }));
    followTopic(() => `repositories/${this.id()}`, {
      load: () => this.load(),
      state: ({ repository }) => repository && this.take(repository),
    });
    // A refresh that ended may have brought branches, tags and commits.
    const refreshed = computed(() => this.repository.value()?.refreshed_at);
    effect(() => {
      if (refreshed() !== undefined) untracked(() => void this.loadRefs());
    });
    effect(() => {
      this.id();
      untracked(() => [this.repository, this.refs].forEach((loaded) => loaded.clear()));
    });
  }

  protected load(): Promise<void> {
    return this.repository.load(async () => {
      const loaded = await this.api.invoke(getRepository, { id: this.id() });
      return newerOf(this.repository.value(), loaded);
    });
  }

  protected loadRefs(): Promise<void> {
    return this.refs.load(async () => {
      const query = { repository: this.id(), limit: 100 };
      const [branches, tags] = await Promise.all([
        this.api.invoke(listBranches, query),
        this.api.invoke(listTags, query),
      ]);
      return { branches: branches.results, tags: tags.results };
    });
  }

  protected async refresh(): Promise<void> {
    await this.attempt(async () => {
      this.take(await this.api.invoke(refreshRepository, { id: this.id() }));
    });
  }

  protected async build(what: Omit<TriggerBuildDto, 'repository_id'>): Promise<void> {
    await this.attempt(async () => {
      const build = await this.api.invoke(triggerBuild, {
        body: { repository_id: this.id(), ...what },
      });
      await this.router.navigate(['/builds', build.id]);
    });
  }

  protected async buildAnyRef(): Promise<void> {
    const { BuildRefDialog } = await import('./build-ref-dialog');
    const data = this.repository.value();
    const dialog = this.dialog.open<unknown, unknown, BuildDto>(BuildRefDialog, { width: '520px', data });
    dialog.afterClosed().subscribe((build) => {
      if (build) void this.router.navigate(['/builds', build.id]);
    });
  }

  protected async edit(): Promise<void> {
    const { RepositoryDialog } = await import('./repository-dialog');
    const data = this.repository.value();
    const dialog = this.dialog.open<unknown, unknown, RepositoryDto>(RepositoryDialog, {
      width: '560px',
      data,
    });
    dialog.afterClosed().subscribe((saved) => {
      if (saved) this.take(saved);
    });
  }

  protected async remove(): Promise<void> {
    const { DeleteRepositoryDialog } = await import('./delete-repository-dialog');
    const data = this.repository.value();
    const dialog = this.dialog.open<unknown, unknown, boolean>(DeleteRepositoryDialog, {
      width: '480px',
      data,
    });
    dialog.afterClosed().subscribe((isGone) => {
      if (isGone) void this.router.navigateByUrl('/repositories');
    });
  }

  /** One at a time: a double click builds once. */
  private async attempt(work: () => Promise<void>): Promise<void> {
    if (this.isBusy) return;
    this.isBusy = true;
    this.actionProblem.set(null);
    try {
      await work();
    } catch (error) {
      this.actionProblem.set(readProblem(error));
    } finally {
      this.isBusy = false;
    }
  }

  private take(repository: RepositoryDto): void {
    this.repository.value.update((known) => newerOf(known, repository));
  }
}

function optionalNumber(value: unknown): number | undefined {
  return typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : undefined;
}
