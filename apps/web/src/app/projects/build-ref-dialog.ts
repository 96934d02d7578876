import { Component, inject, signal } from '@angular/core';
import { NonNullableFormBuilder, ReactiveFormsModule, Validators } from '@angular/forms';
import { MatButton } from '@angular/material/button';
import { MatCheckbox } from '@angular/material/checkbox';
import {
  MAT_DIALOG_DATA,
  MatDialogActions,
  MatDialogClose,
  MatDialogContent,
  MatDialogRef,
  MatDialogTitle,
} from '@angular/material/dialog';
import { MatError, MatFormField, MatHint, MatLabel } from '@angular/material/form-field';
import { MatInput } from '@angular/material/input';
import { Api, type BuildDto, type RepositoryDto, triggerBuild } from '@nohands/api-client';
import { Notice } from '../look/notice';
import { fieldError, showProblemInForm } from '../shell/form-problem';
import { readProblem } from '../shell/problem';
import { Session } from '../shell/session';

/** Builds what is not on screen: any branch, tag, SHA or its beginning. Closes with the build. */
@Component({
  selector: 'nh-build-ref-dialog',
  imports: [
    ReactiveFormsModule,
    MatButton,
    MatCheckbox,
    MatDialogActions,
    MatDialogClose,
    MatDialogContent,
    MatDialogTitle,
    MatError,
    MatFormField,
    MatHint,
    MatInput,
    MatLabel,
    Notice,
  ],
  template: `
    <h2 mat-dialog-title>Build any commit of {{ repository.name }}</h2>
    <form [formGroup]="form" (ngSubmit)="start()">
      <mat-dialog-content class="form">
        @if (formError(); as error) {
          <nh-notice kind="error">{{ error }}</nh-notice>
        }
        <mat-form-field appearance="outline" subscriptSizing="dynamic">
          <mat-label>Branch, tag or SHA</mat-label>
          <input
            matInput
            formControlName="ref"
            class="mono"
            autocomplete="off"
            spellcheck="false"
            cdkFocusInitial
          />
          <mat-hint
            >A branch or tag is looked up at the remote now; a SHA may be cut to 7 characters</mat-hint
          >
          <mat-error>{{ fieldError(form, 'ref') }}</mat-error>
        </mat-form-field>
        @if (registry; as registry) {
          <mat-checkbox formControlName="push_to_registry">Push the image to {{ registry }}</mat-checkbox>
        }
      </mat-dialog-content>
      <mat-dialog-actions align="end">
        <button matButton type="button" matDialogClose>Cancel</button>
        <button matButton="filled" type="submit" [disabled]="isBusy()">Build</button>
      </mat-dialog-actions>
    </form>
  `,
})
export class BuildRefDialog {
  private readonly api = inject(Api);
  private readonly dialog = inject<MatDialogRef<BuildRefDialog, BuildDto>>(MatDialogRef);
  protected readonly repository = inject<RepositoryDto>(MAT_DIALOG_DATA);
  protected readonly registry = inject(Session).me()?.registry ?? null;
  protected readonly isBusy = signal(false);
  protected readonly formError = signal<string | null>(null);
  protected readonly fieldError = fieldError;
  protected readonly form = inject(NonNullableFormBuilder).group({
    ref: ['', [Validators.required]],
    push_to_registry: [false],
  });

  protected async start(): Promise<void> {
    this.form.markAllAsTouched();
    if (this.form.invalid || this.isBusy()) return;
    this.isBusy.set(true);
    this.formError.set(null);
    try {
      const { ref, push_to_registry } = this.form.getRawValue();
      this.dialog.close(
        await this.api.invoke(triggerBuild, {
          body: { repository_id: this.repository.id, ref: ref.trim(), push_to_registry },
        }),
      );
    } catch (error) {
      this.formError.set(showProblemInForm(this.form, readProblem(error)));
    } finally {
      this.isBusy.set(false);
    }
  }
}
