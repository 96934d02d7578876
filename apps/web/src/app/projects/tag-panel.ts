import { Component, input, output } from '@angular/core';
import type { TagDto, TriggerBuildDto } from '@nohands/api-client';
import { RelativeTime } from '../look/relative-time';
import { Sha } from '../look/sha';
import { BuildButton } from './build-button';

@Component({
  selector: 'nh-tag-panel',
  imports: [BuildButton, RelativeTime, Sha],
  template: `
    <div class="panel-head">
      <h2>Tag {{ tag().name }}</h2>
    </div>
    <div class="panel-body row">
      <nh-sha [sha]="tag().commit_sha" />
      <span class="quiet">tagged <nh-time [at]="tag().last_updated" /></span>
      <nh-build-button
        [what]="'tag ' + tag().name"
        (build)="build.emit({ ref: 'refs/tags/' + tag().name, push_to_registry: $event.push_to_registry })"
      />
    </div>
  `,
  styles: `
    .row {
      display: flex;
      flex-wrap: wrap;
      align-items: center;
      gap: var(--space-2) var(--space-4);
    }
    nh-build-button {
      margin-left: auto;
    }
  `,
  host: { class: 'panel' },
})
export class TagPanel {
  readonly tag = input.required<TagDto>();
  readonly build = output<Omit<TriggerBuildDto, 'repository_id'>>();
}
