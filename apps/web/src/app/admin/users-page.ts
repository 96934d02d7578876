import { Component, inject, signal } from '@angular/core';
import { MatButton } from '@angular/material/button';
import { MatDialog } from '@angular/material/dialog';
import { MatMenu, MatMenuItem, MatMenuTrigger } from '@angular/material/menu';
import { mdiDotsHorizontal } from '@mdi/js';
import { Api, type UpdateUserDto, type UserDto, listUsers, updateUser } from '@nohands/api-client';
import { Loaded } from '../live/loaded';
import { Icon } from '../look/icon';
import { ProblemNotice } from '../look/problem-notice';
import { RelativeTime } from '../look/relative-time';
import { Skeleton } from '../look/skeleton';
import { showInTrail } from '../shell/page-trail';
import { type Problem, readProblem } from '../shell/problem';
import { Session } from '../shell/session';

@Component({
  selector: 'nh-users-page',
  imports: [Icon, MatButton, MatMenu, MatMenuItem, MatMenuTrigger, ProblemNotice, RelativeTime, Skeleton],
  templateUrl: './users-page.html',
})
export class UsersPage {
  private readonly api = inject(Api);
  private readonly dialog = inject(MatDialog);
  protected readonly me = inject(Session).me;
  protected readonly users = new Loaded<readonly UserDto[]>();
  protected readonly problem = signal<Problem | null>(null);
  protected readonly menuIcon = mdiDotsHorizontal;

  constructor() {
    showInTrail(() => ({ title: 'Users', crumbs: [{ label: 'Administration', link: '/admin' }] }));
    void this.load();
  }

  protected load(): Promise<void> {
    return this.users.load(async () => (await this.api.invoke(listUsers, { limit: 100 })).results);
  }

  protected async edit(user: UserDto | null): Promise<void> {
    const { UserDialog } = await import('./user-dialog');
    this.dialog
      .open<unknown, unknown, UserDto>(UserDialog, { width: '460px', data: user })
      .afterClosed()
      .subscribe((saved) => saved && this.load());
  }

  protected async change(user: UserDto, body: UpdateUserDto): Promise<void> {
    this.problem.set(null);
    try {
      await this.api.invoke(updateUser, { id: user.id, body });
      await this.load();
    } catch (error) {
      this.problem.set(readProblem(error));
    }
  }
}
