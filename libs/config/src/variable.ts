/** Turns the text of a variable into its value, or throws a `Refusal`. */
export type Parser<T> = (text: string) => T;

/** What is wrong with a value, said without the value: it may be a secret. */
export class Refusal extends Error {}

/** The section of docs/configuration.md a variable stands in. */
export type Section =
  | 'Server'
  | 'Accounts'
  | 'Database and queue'
  | 'Builds'
  | 'Git'
  | 'Registry and images'
  | 'Set by npm start';

/** One variable of the environment, declared once: reading, documentation and `.env.example` come from it. */
export type Variable<T> = {
  readonly name: string;
  readonly section: Section;
  readonly description: string;
  readonly parse: Parser<T>;
  /** The value when the variable is unset or empty. */
  readonly fallback: T;
  /** How the documentation says the default, where the value alone does not. */
  readonly defaultText?: string;
  readonly unit?: string;
  /** Never shown: not in errors, logs or the documentation. */
  readonly isSecret?: boolean;
  /** The form the original tool used; read with a warning. */
  readonly formerName?: string;
};

/** Declares a variable; exists so that the value's type is inferred from parser and default. */
export function variable<T>(declaration: Variable<T>): Variable<T> {
  return declaration;
}
