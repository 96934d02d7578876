import { HttpErrorResponse } from '@angular/common/http';
import { FormControl, FormGroup, Validators } from '@angular/forms';
import { fieldError, showProblemInForm } from './form-problem';
import { readProblem } from './problem';

const makeForm = () =>
  new FormGroup({ url: new FormControl(''), name: new FormControl('', [Validators.required]) });
const answer = (status: number, error: unknown) => new HttpErrorResponse({ status, error });
const invalid = (...errors: { pointer: string; detail: string }[]) =>
  readProblem(
    answer(422, {
      code: 'invalid_fields',
      title: 'Some fields are invalid',
      detail: 'See the fields.',
      errors,
    }),
  );

describe('problems in forms', () => {
  it("shows the server's words at the field they point at", () => {
    const form = makeForm();
    expect(
      showProblemInForm(form, invalid({ pointer: '/url', detail: 'must not be a local path' })),
    ).toBeNull();
    expect(fieldError(form, 'url')).toBe('Must not be a local path.');
    expect(form.controls.url.touched).toBe(true);
  });

  it('says at the head of the form what no field can show', () => {
    const form = makeForm();
    const head = showProblemInForm(
      form,
      invalid({ pointer: '/url', detail: 'is taken' }, { pointer: '/image_name', detail: 'is taken' }),
    );
    expect(head).toBe('/image_name: is taken');
    expect(fieldError(form, 'url')).toBe('Is taken.');
  });

  it('says the sentence of a problem without fields', () => {
    const problem = readProblem(
      answer(401, {
        code: 'wrong_credentials',
        title: 'Wrong',
        detail: 'Check both and try again.',
        errors: [],
      }),
    );
    expect(showProblemInForm(makeForm(), problem)).toBe('Check both and try again.');
  });

  it('forgets the error of the server as soon as the field changes', () => {
    const form = makeForm();
    showProblemInForm(form, invalid({ pointer: '/url', detail: 'is taken' }));
    form.controls.url.setValue('https://example.org/a.git');
    expect(form.controls.url.valid).toBe(true);
  });

  it('names what the browser itself noticed', () => {
    expect(fieldError(makeForm(), 'name')).toBe('This is needed.');
  });
});

describe(readProblem.name, () => {
  it('tells silence from an answer', () => {
    expect(readProblem(answer(0, null)).code).toBe('no_answer');
  });

  it('reads a problem that arrives as text, and outlives the page of a proxy', () => {
    expect(
      readProblem(answer(409, '{"code":"already_final","title":"Ended","detail":"It has ended."}')).code,
    ).toBe('already_final');
    expect(readProblem(answer(502, '<html>Bad gateway</html>'))).toMatchObject({
      code: 'http_502',
      errors: [],
    });
  });
});
