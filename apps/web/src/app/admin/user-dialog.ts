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
import { Api, type UserDto, createUser, updateUser } from '@nohands/api-client';
import { Notice } from '../look/notice';
import { fieldError, showProblemInForm } from '../shell/form-problem';
import { readProblem } from '../shell/problem';

/** Adds a user, or changes name and password of the one it is given. */
@Component({
  selector: 'nh-user-dialog',
  imports: [
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
    ReactiveFormsModule,
  ],
  template: `
    <h2 mat-dialog-title>{{ user ? user.email : 'Add a user' }}</h2>
    <form [formGroup]="form" (ngSubmit)="save()">
      <mat-dialog-content class="form">
        @if (formError(); as error) {
          <nh-notice kind="error">{{ error }}</nh-notice>
        }
        @if (!user) {
          <mat-form-field appearance="outline" subscriptSizing="dynamic">
            <mat-label>Email</mat-label>
            <input matInput type="email" formControlName="email" autocomplete="off" />
            <mat-error>{{ fieldError(form, 'email') }}</mat-error>
          </mat-form-field>
        }
        <mat-form-field appearance="outline" subscriptSizing="dynamic">
          <mat-label>Name</mat-label>
          <input matInput formControlName="name" autocomplete="off" />
          <mat-error>{{ fieldError(form, 'name') }}</mat-error>
        </mat-form-field>
        <mat-form-field appearance="outline" subscriptSizing="dynamic">
          <mat-label>{{ user ? 'New password' : 'Password' }}</mat-label>
          <input matInput type="password" formControlName="password" autocomplete="new-password" />
          <mat-hint>{{
            user ? 'Empty: it stays. A new one ends all sessions of the user.' : '8 characters or more'
          }}</mat-hint>
          <mat-error>{{ fieldError(form, 'password') }}</mat-error>
        </mat-form-field>
        @if (!user) {
          <mat-checkbox formControlName="is_admin">Administrator</mat-checkbox>
        }
      </mat-dialog-content>
      <mat-dialog-actions align="end">
        <button matButton type="button" matDialogClose>Cancel</button>
        <button matButton="filled" type="submit" [disabled]="isBusy()">{{ user ? 'Save' : 'Add' }}</button>
      </mat-dialog-actions>
    </form>
  `,
})
export class UserDialog {
  private readonly api = inject(Api);
  private readonly dialog = inject<MatDialogRef<UserDialog, UserDto>>(MatDialogRef);
  protected readonly user = inject<UserDto | null>(MAT_DIALOG_DATA);
  protected readonly isBusy = signal(false);
  protected readonly formError = signal<string | null>(null);
  protected readonly fieldError = fieldError;
  protected readonly form = inject(NonNullableFormBuilder).group({
    email: [this.user?.email ?? '', [Validators.required, Validators.email]],
    name: [this.user?.name ?? '', [Validators.required]],
    password: ['', [Validators.minLength(8), ...(this.user ? [] : [Validators.required])]],
    is_admin: [false],
  });

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

  private send(): Promise<UserDto> {
    const fields = this.form.getRawValue();
    if (this.user === null) return this.api.invoke(createUser, { body: fields });
    const { name, password } = fields;
    return this.api.invoke(updateUser, {
      id: this.user.id,
      body: { name, ...(password ? { password } : {}) },
    });
  }
}
