import { Component, input } from '@angular/core';
import { RouterLink } from '@angular/router';
import type { BuildDto } from '@nohands/api-client';
import { BuildDuration } from '../look/build-duration';
import { BuildState } from '../look/build-state';
import { RelativeTime } from '../look/relative-time';
import { Sha } from '../look/sha';
import { refName } from './ref-name';
import { waitingReasons } from './waiting-reasons';

@Component({
  selector: 'nh-build-table',
  imports: [BuildDuration, BuildState, RelativeTime, RouterLink, Sha],
  template: `
    <table class="rows stacks">
      <thead>
        <tr>
          <th scope="col">State</th>
          <th scope="col">Build</th>
          <th scope="col">Branch or ref</th>
          <th scope="col">Commit</th>
          <th scope="col">Asked for</th>
          <th scope="col" class="end">Duration</th>
        </tr>
      </thead>
      <tbody>
        @for (build of builds(); track build.id) {
          <tr>
            <td>
              <nh-build-state [status]="build.status" />
              @if (build.cancel_requested_at && build.status === 'running') {
                <span class="quiet small">stopping</span>
              } @else if (build.status === 'pending' && build.waiting_reason) {
                <span class="quiet small">{{ reasons[build.waiting_reason].short }}</span>
              }
            </td>
            <td>
              <a [routerLink]="['/builds', build.id]"
                ><strong>{{ build.repository_name }}</strong> #{{ build.id }}</a
              >
            </td>
            <td>
              <code>{{ refName(build) }}</code>
            </td>
            <td><nh-sha [sha]="build.commit_sha" /></td>
            <td class="quiet"><nh-time [at]="build.created_at" /></td>
            <td class="end"><nh-duration [since]="build.started_at" [until]="build.completed_at" /></td>
          </tr>
        }
      </tbody>
    </table>
  `,
  styles: `
    nh-build-state + span {
      margin-left: 6px;
    }
  `,
})
export class BuildTable {
  readonly builds = input.required<readonly BuildDto[]>();
  protected readonly refName = refName;
  protected readonly reasons = waitingReasons;
}
