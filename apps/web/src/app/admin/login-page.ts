import { Component, inject, input, signal } from '@angular/core';
import { NonNullableFormBuilder, ReactiveFormsModule, Validators } from '@angular/forms';
import { MatButton } from '@angular/material/button';
import { MatError, MatFormField, MatLabel } from '@angular/material/form-field';
import { MatInput } from '@angular/material/input';
import { Router } from '@angular/router';
import { Notice } from '../look/notice';
import { fieldError, showProblemInForm } from '../shell/form-problem';
import { readProblem } from '../shell/problem';
import { showInTrail } from '../shell/page-trail';
import { Session } from '../shell/session';

@Component({
  selector: 'nh-login-page',
  imports: [MatButton, MatError, MatFormField, MatInput, MatLabel, Notice, ReactiveFormsModule],
  templateUrl: './login-page.html',
  styleUrl: './entry-card.scss',
})
export class LoginPage {
  private readonly session = inject(Session);
  private readonly router = inject(Router);
  /** Where to go afterwards; an address of this dashboard only. */
  readonly next = input<string>();
  protected readonly isBusy = signal(false);
  protected readonly formError = signal<string | null>(null);
  protected readonly fieldError = fieldError;
  protected readonly form = inject(NonNullableFormBuilder).group({
    email: ['', [Validators.required]],
    password: ['', [Validators.required]],
  });

  constructor() {
    showInTrail(() => ({ title: 'Sign in' }));
  }

  protected async signIn(): Promise<void> {
    this.form.markAllAsTouched();
    if (this.form.invalid || this.isBusy()) return;
    this.isBusy.set(true);
    this.formError.set(null);
    try {
      const { email, password } = this.form.getRawValue();
      await this.session.signIn(email.trim(), password);
      await this.router.navigateByUrl(ownAddress(this.next()));
    } catch (error) {
      this.formError.set(showProblemInForm(this.form, readProblem(error)));
    } finally {
      this.isBusy.set(false);
    }
  }
}

/** The address after signing in comes from a link: one that leads elsewhere is not followed. */
function ownAddress(next: string | undefined): string {
  return next !== undefined && /^\/(?![/\\])/.test(next) ? next : '/repositories';
}
