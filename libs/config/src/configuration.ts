import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import { ConfigurationError } from './configuration-error.js';
import { isLoopback } from './rules.js';
import { cautions, rules } from './rules.js';
import { Refusal, type Variable } from './variable.js';
import { dataFolders, variables } from './variables.js';

type Variables = typeof variables;
type Field = keyof Variables;

/** The value of every variable, by field. */
export type ConfigurationValues = {
  readonly [K in Field]: Variables[K] extends Variable<infer T> ? T : never;
};

/** The shape of process.env. */
export type Environment = Readonly<Record<string, string | undefined>>;

// The fields of the class come from the declarations, so that a variable is written down once.
const Values: new (values: ConfigurationValues) => ConfigurationValues = class {
  constructor(values: ConfigurationValues) {
    Object.assign(this, values);
  }
} as never;

/** Everything NoHands can be told from outside; read once, never changed, secrets hidden when printed. */
export class Configuration extends Values {
  /** Sentences for the operator: old names, risky choices. Never a value. */
  readonly warnings: readonly string[];

  constructor(values: ConfigurationValues, warnings: readonly string[] = []) {
    super(values);
    this.warnings = warnings;
  }

  /** True when only this machine can reach the server. */
  get isLoopbackOnly(): boolean {
    return isLoopback(this.host);
  }

  /** The address users type; `port` is the one really listened on (PORT may be 0). */
  siteAddress(port: number): string {
    return this.publicUrl ?? `http://localhost:${port}`;
  }

  /** For logs: every secret is replaced. */
  toJSON(): Record<string, unknown> {
    return Object.fromEntries(Object.entries(this).map(([field, value]) => [field, hide(field, value)]));
  }

  [inspect.custom](): unknown {
    return this.toJSON();
  }
}

/** Configuration of a process that needs the database: API and worker. */
export type ServerConfiguration = Configuration & {
  readonly databaseUrl: string;
  readonly secretKey: string;
};

/** Reads the environment once; throws one `ConfigurationError` with all mistakes. */
export function loadConfiguration(environment: Environment = process.env): Configuration {
  const { configuration, mistakes } = read(environment);
  if (mistakes.length > 0) throw new ConfigurationError(mistakes);
  return configuration;
}

/** As `loadConfiguration`, for API and worker: DATABASE_URL and SECRET_KEY must be there. */
export function loadServerConfiguration(environment: Environment = process.env): ServerConfiguration {
  const { configuration, mistakes } = read(environment);
  if (!environment['DATABASE_URL']) {
    mistakes.push('DATABASE_URL is needed: start with `npm start`, which runs a Postgres, or name one');
  }
  if (configuration.secretKey === null && !mistakes.some((mistake) => mistake.startsWith('SECRET_KEY'))) {
    mistakes.push('SECRET_KEY is needed: start with `npm start`, which makes one, or set it');
  }
  if (mistakes.length > 0) throw new ConfigurationError(mistakes);
  return configuration as ServerConfiguration;
}

function read(environment: Environment): { configuration: Configuration; mistakes: string[] } {
  const mistakes: string[] = [];
  const warnings: string[] = [];
  const raw = Object.fromEntries(
    Object.entries<Variable<unknown>>(variables).map(([field, declared]) => [
      field,
      readOne(declared, environment, { mistakes, warnings }),
    ]),
  ) as ConfigurationValues;
  const values = withFolders(raw);
  // A rule about a value that could not be read would only repeat its mistake.
  const refused = new Set(mistakes.map((mistake) => mistake.split(' ')[0]));
  const broken = rules.map((rule) => rule(values)).filter((mistake) => mistake !== null);
  mistakes.push(...broken.filter((mistake) => !refused.has(mistake.split(' ')[0])));
  warnings.push(...cautions.map((caution) => caution(values)).filter((warning) => warning !== null));
  return { configuration: new Configuration(values, warnings), mistakes };
}

function readOne<T>(
  declared: Variable<T>,
  environment: Environment,
  notes: { mistakes: string[]; warnings: string[] },
): T {
  const text = textOf(declared, environment, notes.warnings);
  if (text === undefined) return declared.fallback;
  try {
    return declared.parse(text);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    notes.mistakes.push(`${declared.name} ${error.message}`);
    return declared.fallback;
  }
}

/** An empty variable counts as unset: compose files and CI systems pass empty ones. */
function textOf(
  declared: Variable<unknown>,
  environment: Environment,
  warnings: string[],
): string | undefined {
  const text = environment[declared.name]?.trim();
  if (text) return text;
  const former = declared.formerName ? environment[declared.formerName]?.trim() : undefined;
  if (!former) return undefined;
  warnings.push(`${declared.formerName} is the old name of ${declared.name}: rename it`);
  return former;
}

function withFolders(values: ConfigurationValues): ConfigurationValues {
  const { dataDir } = values;
  return {
    ...values,
    gitCheckoutDir: values.gitCheckoutDir || dataFolders.gitCheckoutDir(dataDir),
    buildStorageDir: values.buildStorageDir || dataFolders.buildStorageDir(dataDir),
    storageUrl: values.storageUrl || pathToFileURL(join(dataDir, 'storage')).href,
  };
}

function hide(field: string, value: unknown): unknown {
  const isSecret = (variables as Record<string, Variable<unknown> | undefined>)[field]?.isSecret ?? false;
  return isSecret && value !== null ? '(set)' : value;
}
