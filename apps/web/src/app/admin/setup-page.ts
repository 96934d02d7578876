import { Component, computed, inject, input, signal } from '@angular/core';
import { toSignal } from '@angular/core/rxjs-interop';
import { NonNullableFormBuilder, ReactiveFormsModule, Validators } from '@angular/forms';
import { MatButton } from '@angular/material/button';
import { MatError, MatFormField, MatHint, MatLabel } from '@angular/material/form-field';
import { MatInput } from '@angular/material/input';
import { ActivatedRoute, Router, RouterLink } from '@angular/router';
import { Api, createToken, getSetupState } from '@nohands/api-client';
import { Notice } from '../look/notice';
import { fieldError, showProblemInForm } from '../shell/form-problem';
import { readProblem } from '../shell/problem';
import { showInTrail } from '../shell/page-trail';
import { Session } from '../shell/session';
import { FreshToken } from './fresh-token';

/** The first-admin link leads here: `/setup#token=...` (a fragment never reaches a log) or `/setup?token=...`. */
@Component({
  selector: 'nh-setup-page',
  imports: [
    MatButton,
    MatError,
    MatFormField,
    MatHint,
    MatInput,
    MatLabel,
    Notice,
    ReactiveFormsModule,
    RouterLink,
  ],
  templateUrl: './setup-page.html',
  styleUrl: './entry-card.scss',
})
export class SetupPage {
  private readonly api = inject(Api);
  private readonly session = inject(Session);
  private readonly router = inject(Router);
  private readonly freshToken = inject(FreshToken);
  readonly token = input<string>();
  private readonly fragment = toSignal(inject(ActivatedRoute).fragment);
  protected readonly linkToken = computed(
    () => new URLSearchParams(this.fragment() ?? '').get('token') ?? this.token() ?? null,
  );
  protected readonly isDone = signal(false);
  protected readonly isBusy = signal(false);
  protected readonly formError = signal<string | null>(null);
  protected readonly fieldError = fieldError;
  protected readonly form = inject(NonNullableFormBuilder).group({
    name: ['', [Validators.required]],
    email: ['', [Validators.required, Validators.email]],
    password: ['', [Validators.required, Validators.minLength(8)]],
  });

  constructor() {
    showInTrail(() => ({ title: 'Set up' }));
    this.api.invoke(getSetupState).then(
      ({ needed }) => this.isDone.set(!needed),
      () => undefined, // Sending the form says what is wrong.
    );
  }

  protected async setUp(): Promise<void> {
    const token = this.linkToken();
    this.form.markAllAsTouched();
    if (this.form.invalid || this.isBusy() || token === null) return;
    this.isBusy.set(true);
    this.formError.set(null);
    try {
      await this.session.setUp({ token, ...this.form.getRawValue() });
      this.freshToken.value.set(
        (await this.api.invoke(createToken, { body: { name: 'My first token' } })).token,
      );
      await this.router.navigateByUrl('/welcome');
    } catch (error) {
      this.formError.set(showProblemInForm(this.form, readProblem(error)));
    } finally {
      this.isBusy.set(false);
    }
  }
}
