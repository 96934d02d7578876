import { Component, computed, inject, signal } from '@angular/core';
import { MatButton } from '@angular/material/button';
import {
  MAT_DIALOG_DATA,
  MatDialogActions,
  MatDialogClose,
  MatDialogContent,
  MatDialogRef,
  MatDialogTitle,
} from '@angular/material/dialog';
import { MatFormField, MatLabel } from '@angular/material/form-field';
import { MatInput } from '@angular/material/input';
import { Api, type RepositoryDto, deleteRepository } from '@nohands/api-client';
import { ProblemNotice } from '../look/problem-notice';
import { type Problem, readProblem } from '../shell/problem';

/** Deletes a repository once its name was typed: nothing brings its builds back. Closes with true when it is gone. */
@Component({
  selector: 'nh-delete-repository-dialog',
  imports: [
    MatButton,
    MatDialogActions,
    MatDialogClose,
    MatDialogContent,
    MatDialogTitle,
    MatFormField,
    MatInput,
    MatLabel,
    ProblemNotice,
  ],
  template: `
    <h2 mat-dialog-title>Delete {{ repository.name }}?</h2>
    <form (submit)="$event.preventDefault(); remove()">
      <mat-dialog-content class="form">
        @if (problem(); as problem) {
          <nh-problem [problem]="problem" />
        }
        <p>
          Its builds, their logs and their kept images go with it. The git repository itself and images
          already pushed to a registry are not touched.
        </p>
        <mat-form-field appearance="outline" subscriptSizing="dynamic">
          <mat-label>Type the name, {{ repository.name }}</mat-label>
          <input
            #name
            matInput
            autocomplete="off"
            spellcheck="false"
            cdkFocusInitial
            (input)="typed.set(name.value)"
          />
        </mat-form-field>
      </mat-dialog-content>
      <mat-dialog-actions align="end">
        <button matButton type="button" matDialogClose>Keep it</button>
        <button matButton="filled" class="danger" type="submit" [disabled]="!isConfirmed() || isBusy()">
          Delete
        </button>
      </mat-dialog-actions>
    </form>
  `,
})
export class DeleteRepositoryDialog {
  private readonly api = inject(Api);
  private readonly dialog = inject<MatDialogRef<DeleteRepositoryDialog, boolean>>(MatDialogRef);
  protected readonly repository = inject<RepositoryDto>(MAT_DIALOG_DATA);
  protected readonly typed = signal('');
  protected readonly isBusy = signal(false);
  protected readonly problem = signal<Problem | null>(null);
  protected readonly isConfirmed = computed(() => this.typed().trim() === this.repository.name);

  protected async remove(): Promise<void> {
    if (!this.isConfirmed() || this.isBusy()) return;
    this.isBusy.set(true);
    try {
      await this.api.invoke(deleteRepository, { id: this.repository.id });
      this.dialog.close(true);
    } catch (error) {
      this.problem.set(readProblem(error));
    } finally {
      this.isBusy.set(false);
    }
  }
}
