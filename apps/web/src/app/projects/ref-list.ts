import { Component, computed, input, signal } from '@angular/core';
import { RouterLink } from '@angular/router';
import { mdiSourceBranch, mdiTagOutline } from '@mdi/js';
import type { BranchDto, TagDto } from '@nohands/api-client';
import { Icon } from '../look/icon';

/** Branches and tags; with many of them a field narrows the list. */
@Component({
  selector: 'nh-ref-list',
  imports: [RouterLink, Icon],
  templateUrl: './ref-list.html',
  styleUrl: './ref-list.scss',
})
export class RefList {
  readonly branches = input.required<readonly BranchDto[]>();
  readonly tags = input.required<readonly TagDto[]>();
  readonly chosenBranch = input<number>();
  readonly chosenTag = input<number>();
  readonly defaultBranch = input<string | null>(null);
  protected readonly icons = { branch: mdiSourceBranch, tag: mdiTagOutline };
  protected readonly filter = signal('');
  protected readonly isLong = computed(() => this.branches().length + this.tags().length > 12);
  protected readonly shownBranches = computed(() => {
    const first = this.defaultBranch();
    return this.narrowed(this.branches()).toSorted(
      (a, b) => Number(b.name === first) - Number(a.name === first),
    );
  });
  protected readonly shownTags = computed(() => this.narrowed(this.tags()));

  private narrowed<Ref extends { readonly name: string }>(refs: readonly Ref[]): readonly Ref[] {
    const part = this.filter().trim().toLowerCase();
    return part === '' ? refs : refs.filter((ref) => ref.name.toLowerCase().includes(part));
  }
}
