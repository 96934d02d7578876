import { Component, computed, input, output } from '@angular/core';
import type { BuildStateDto, BuildStepDto } from '@nohands/api-client';
import { BuildDuration } from '../look/build-duration';
import { BuildState } from '../look/build-state';

type Attempt = { readonly number: number; readonly steps: readonly BuildStepDto[] };

/** The steps with their times; pressing one leads to its first line. */
@Component({
  selector: 'nh-build-steps',
  imports: [BuildDuration, BuildState],
  template: `
    <div class="panel-head"><h2>Steps</h2></div>
    <div class="scroll">
      @for (attempt of attempts(); track attempt.number) {
        @if (attempts().length > 1) {
          <h3>Attempt {{ attempt.number }}</h3>
        }
        <ol>
          @for (step of attempt.steps; track step.number) {
            <li>
              <button type="button" [title]="step.name" (click)="chosen.emit(step)">
                <nh-build-state [status]="step.status" [isBare]="true" />
                <span class="name">{{ step.name }}</span>
                <span class="quiet small number">
                  @if (step.cached) {
                    cached
                  } @else {
                    <nh-duration [since]="step.started_at" [until]="step.completed_at" />
                  }
                </span>
              </button>
            </li>
          }
        </ol>
      } @empty {
        <p class="quiet">
          {{ build().status === 'pending' ? 'Steps appear here once it starts.' : 'No step was begun.' }}
        </p>
      }
    </div>
  `,
  styleUrl: './build-steps.scss',
  host: { class: 'panel' },
})
export class BuildSteps {
  readonly build = input.required<BuildStateDto>();
  readonly chosen = output<BuildStepDto>();
  protected readonly attempts = computed<readonly Attempt[]>(() => {
    const byAttempt = Map.groupBy(this.build().steps, (step) => step.attempt);
    return [...byAttempt]
      .map(([number, steps]) => ({ number, steps }))
      .toSorted((a, b) => a.number - b.number);
  });
}
