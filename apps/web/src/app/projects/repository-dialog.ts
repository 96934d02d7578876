import { Component, inject, signal } from '@angular/core';
import { NonNullableFormBuilder, ReactiveFormsModule, Validators } from '@angular/forms';
import { MatButton } from '@angular/material/button';
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
import { MatSlideToggle } from '@angular/material/slide-toggle';
import { Api, type RepositoryDto, createRepository, updateRepository } from '@nohands/api-client';
import { Notice } from '../look/notice';
import { fieldError, showProblemInForm } from '../shell/form-problem';
import { readProblem } from '../shell/problem';
import { Session } from '../shell/session';
import { proposeName } from './propose-name';

/** Adds a repository, or changes the one it is given. Closes with the repository as the server answered it. */
@Component({
  selector: 'nh-repository-dialog',
  imports: [
    ReactiveFormsModule,
    MatButton,
    MatDialogActions,
    MatDialogClose,
    MatDialogContent,
    MatDialogTitle,
    MatError,
    MatFormField,
    MatHint,
    MatInput,
    MatLabel,
    MatSlideToggle,
    Notice,
  ],
  templateUrl: './repository-dialog.html',
})
export class RepositoryDialog {
  private readonly api = inject(Api);
  private readonly dialog = inject<MatDialogRef<RepositoryDialog, RepositoryDto>>(MatDialogRef);
  protected readonly repository = inject<RepositoryDto | null>(MAT_DIALOG_DATA);
  protected readonly isLocalAllowed = inject(Session).me()?.local_repositories_allowed ?? false;
  protected readonly isBusy = signal(false);
  protected readonly formError = signal<string | null>(null);
  protected readonly fieldError = fieldError;

  protected readonly form = inject(NonNullableFormBuilder).group({
    url: [this.repository?.url ?? '', [Validators.required]],
    name: [this.repository?.name ?? '', [Validators.required]],
    description: [this.repository?.description ?? ''],
    default_branch: [this.repository?.default_branch ?? ''],
    dockerfile_path: [this.repository?.dockerfile_path ?? 'Dockerfile', [Validators.required]],
    image_name: [this.repository?.image_name ?? ''],
    is_active: [this.repository?.is_active ?? true],
  });

  /** A name comes from the address, until somebody writes one. */
  protected proposeNameFromUrl(): void {
    const { name, url } = this.form.controls;
    if (this.repository === null && !name.dirty) name.setValue(proposeName(url.value));
  }

  protected async save(): Promise<void> {
    this.form.markAllAsTouched();
    if (this.form.invalid || this.isBusy()) return;
    this.isBusy.set(true);
    this.formError.set(null);
    try {
      this.dialog.close(await this.send());
    } catch (error) {
      this.formError.set(showProblemInForm(this.form, readProblem(error)));
    } finally {
      this.isBusy.set(false);
    }
  }

  private send(): Promise<RepositoryDto> {
    const { default_branch, image_name, ...fields } = this.form.getRawValue();
    const body = { ...fields, default_branch: default_branch.trim() || null };
    if (this.repository !== null) {
      return this.api.invoke(updateRepository, {
        id: this.repository.id,
        body: { ...body, ...(image_name ? { image_name } : {}) },
      });
    }
    return this.api.invoke(createRepository, { body: { ...body, ...(image_name ? { image_name } : {}) } });
  }
}
