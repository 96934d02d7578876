import { Component, computed, inject, signal } from '@angular/core';
import { MatDialogRef } from '@angular/material/dialog';
import { Router } from '@angular/router';
import { mdiFileOutline, mdiHammerWrench, mdiMagnify, mdiSourceRepository } from '@mdi/js';
import { Api, type BuildDto, type RepositoryDto, listBuilds, listRepositories } from '@nohands/api-client';
import { stateWords } from '../look/build-state';
import { Icon } from '../look/icon';
import { Session } from './session';

type Entry = { readonly label: string; readonly hint: string; readonly link: string; readonly icon: string };

const most = 12;

/** Ctrl K: type a few letters or a build's number, press Enter. */
@Component({
  selector: 'nh-palette',
  imports: [Icon],
  templateUrl: './palette.html',
  styleUrl: './palette.scss',
})
export class Palette {
  private readonly api = inject(Api);
  private readonly router = inject(Router);
  private readonly isAdmin = inject(Session).isAdmin;
  private readonly dialog = inject(MatDialogRef<Palette>);
  private readonly repositories = signal<readonly RepositoryDto[]>([]);
  private readonly builds = signal<readonly BuildDto[]>([]);
  protected readonly searchIcon = mdiMagnify;
  protected readonly query = signal('');
  protected readonly active = signal(0);
  protected readonly found = computed(() => findEntries(this.entries(), this.query()));

  private readonly entries = computed<readonly Entry[]>(() => [
    ...this.repositories().map((repository) => repositoryEntry(repository)),
    ...this.builds().map((build) => buildEntry(build)),
    ...pageEntries(this.isAdmin()),
  ]);

  constructor() {
    const quietly = () => undefined; // The palette still leads to the pages when a list cannot be read.
    this.api
      .invoke(listRepositories, { limit: 100 })
      .then(({ results }) => this.repositories.set(results), quietly);
    this.api.invoke(listBuilds, { limit: 50 }).then(({ results }) => this.builds.set(results), quietly);
  }

  protected type(text: string): void {
    this.query.set(text);
    this.active.set(0);
  }

  protected press(event: KeyboardEvent): void {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      const count = Math.max(1, this.found().length);
      this.active.update((active) => (active + step + count) % count);
    }
    const entry = this.found()[this.active()];
    if (event.key !== 'Enter' || !entry) return;
    // Closing gives the focus back at once: without this the same key would press what is focused then.
    event.preventDefault();
    this.open(entry);
  }

  protected open(entry: Entry): void {
    this.dialog.close();
    void this.router.navigateByUrl(entry.link);
  }
}

function repositoryEntry({ id, name, url }: RepositoryDto): Entry {
  return { label: name, hint: url, link: `/repositories/${id}`, icon: mdiSourceRepository };
}

function buildEntry({ id, repository_name, status, commit_sha, branch_name }: BuildDto): Entry {
  const hint = [stateWords[status], branch_name, commit_sha.slice(0, 8)].filter(Boolean).join(' · ');
  return { label: `Build ${id} of ${repository_name}`, hint, link: `/builds/${id}`, icon: mdiHammerWrench };
}

function pageEntries(isAdmin: boolean): readonly Entry[] {
  const page = (label: string, hint: string, link: string): Entry => ({
    label,
    hint,
    link,
    icon: mdiFileOutline,
  });
  const pages = [
    page('Repositories', 'page', '/repositories'),
    page('Builds', 'page', '/builds'),
    page('API tokens', 'page', '/tokens'),
  ];
  if (!isAdmin) return pages;
  return [
    ...pages,
    page('Queue and workers', 'administration', '/admin/queue'),
    page('Users', 'administration', '/admin/users'),
    page('All tokens', 'administration', '/admin/tokens'),
    page('All repositories', 'administration', '/admin/repositories'),
  ];
}

/** Every word of the query must occur; a bare number also leads to the build of that number. */
function findEntries(entries: readonly Entry[], query: string): readonly Entry[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = ({ label, hint }: Entry) =>
    words.every((word) => `${label} ${hint}`.toLowerCase().includes(word));
  const found = entries.filter(fits);
  const number = /^#?(\d{1,9})$/.exec(query.trim())?.[1];
  const link = `/builds/${number}`;
  if (number === undefined) return found.slice(0, most);
  const named: Entry = { label: `Build ${number}`, hint: 'by its number', link, icon: mdiHammerWrench };
  return [
    found.find((entry) => entry.link === link) ?? named,
    ...found.filter((entry) => entry.link !== link),
  ].slice(0, most);
}
