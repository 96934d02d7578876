import type { FormGroup } from '@angular/forms';
import type { Problem } from './problem';

/**
 * Puts the field errors of a problem on the controls they point at (`/url` -> `url`) and answers what no control can
 * show: a sentence for the head of the form, or null when every error found its field.
 */
export function showProblemInForm(form: FormGroup, problem: Problem): string | null {
  const homeless: string[] = [];
  for (const { pointer, detail } of problem.errors) {
    const control = form.get(pointer.replace(/^\//, '').split('/'));
    if (control === null || control === form) homeless.push(`${pointer}: ${detail}`);
    else {
      control.setErrors({ server: capitalised(detail) });
      control.markAsTouched();
    }
  }
  if (problem.errors.length === 0) return problem.detail;
  return homeless.length === 0 ? null : homeless.join(' ');
}

/** What the field's error line shows: the server's words, else what the browser itself noticed. */
export function fieldError(form: FormGroup, name: string): string {
  const errors = form.get(name)?.errors;
  if (!errors) return '';
  if (typeof errors['server'] === 'string') return errors['server'];
  if (errors['required']) return 'This is needed.';
  if (errors['minlength']) return `At least ${errors['minlength'].requiredLength} characters.`;
  if (errors['email']) return 'This is no email address.';
  if (errors['min'] || errors['max']) return 'This number is out of range.';
  return 'This is not valid.';
}

function capitalised(sentence: string): string {
  const text = sentence.charAt(0).toUpperCase() + sentence.slice(1);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
