import { Component, inject, signal } from '@angular/core';
import { NonNullableFormBuilder, ReactiveFormsModule, Validators } from '@angular/forms';
import { MatButton } from '@angular/material/button';
import { MatError, MatFormField, MatLabel } from '@angular/material/form-field';
import { MatInput } from '@angular/material/input';
import { Api, type TokenDto, createToken, deleteToken, listTokens } from '@nohands/api-client';
import { Loaded } from '../live/loaded';
import { Notice } from '../look/notice';
import { ProblemNotice } from '../look/problem-notice';
import { Skeleton } from '../look/skeleton';
import { fieldError, showProblemInForm } from '../shell/form-problem';
import { showInTrail } from '../shell/page-trail';
import { type Problem, readProblem } from '../shell/problem';
import { TokenLines } from './token-lines';
import { TokenTable } from './token-table';

const endings = [
  { label: 'never', days: null },
  { label: 'in 7 days', days: 7 },
  { label: 'in 30 days', days: 30 },
  { label: 'in 90 days', days: 90 },
  { label: 'in a year', days: 365 },
] as const;

@Component({
  selector: 'nh-tokens-page',
  imports: [
    MatButton,
    MatError,
    MatFormField,
    MatInput,
    MatLabel,
    Notice,
    ProblemNotice,
    ReactiveFormsModule,
    Skeleton,
    TokenLines,
    TokenTable,
  ],
  templateUrl: './tokens-page.html',
  styleUrl: './tokens-page.scss',
  host: { class: 'page narrow' },
})
export class TokensPage {
  private readonly api = inject(Api);
  protected readonly tokens = new Loaded<readonly TokenDto[]>();
  protected readonly fresh = signal<string | null>(null);
  protected readonly isBusy = signal(false);
  protected readonly formError = signal<string | null>(null);
  protected readonly problem = signal<Problem | null>(null);
  protected readonly fieldError = fieldError;
  protected readonly endings = endings;
  protected readonly form = inject(NonNullableFormBuilder).group({
    name: ['', [Validators.required]],
    expires_in_days: [null as number | null],
  });

  constructor() {
    showInTrail(() => ({ title: 'API tokens' }));
    void this.load();
  }

  protected load(): Promise<void> {
    return this.tokens.load(async () => (await this.api.invoke(listTokens, { limit: 100 })).results);
  }

  protected async create(): Promise<void> {
    this.form.markAllAsTouched();
    if (this.form.invalid || this.isBusy()) return;
    this.isBusy.set(true);
    this.formError.set(null);
    try {
      this.fresh.set((await this.api.invoke(createToken, { body: this.form.getRawValue() })).token);
      this.form.reset();
      await this.load();
    } catch (error) {
      this.formError.set(showProblemInForm(this.form, readProblem(error)));
    } finally {
      this.isBusy.set(false);
    }
  }

  protected async revoke(token: TokenDto): Promise<void> {
    this.problem.set(null);
    try {
      await this.api.invoke(deleteToken, { id: token.id });
      await this.load();
    } catch (error) {
      this.problem.set(readProblem(error));
    }
  }
}
