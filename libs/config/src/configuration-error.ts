/** Everything that is wrong with the configuration, at once, by variable name and never by value. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  readonly code = 'configuration_invalid';
  /** One sentence per mistake, each beginning with the name of its variable. */
  readonly mistakes: readonly string[];

  constructor(mistakes: readonly string[]) {
    super(
      `The configuration has ${mistakes.length === 1 ? 'a mistake' : `${mistakes.length} mistakes`}:\n` +
        mistakes.map((mistake) => `  - ${mistake}`).join('\n') +
        '\nEvery variable is described in docs/configuration.md.',
    );
    this.mistakes = mistakes;
  }
}
