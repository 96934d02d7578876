/** `npm run bench -- <name>`: measures the product against the bare work on this machine and prints JSON. */
import { parseArgs } from 'node:util';
import { chooseEngine, UsageError, type BenchEngine } from './bench-engine.ts';

type Options = { readonly engine: BenchEngine; readonly pairs: number | null };
type Bench = {
  readonly description: string;
  readonly fewest: number;
  readonly usual: number;
  run(options: { engine: BenchEngine; pairs: number }, say: (sentence: string) => void): Promise<unknown>;
};

const benches: Readonly<Record<string, Bench>> = {
  overhead: {
    description: 'a build through the product minus the same work by hand; the bar is 300 ms with Buildah',
    fewest: 1,
    usual: 10,
    run: async (options, say) => (await import('./overhead.ts')).measureOverhead(options, say),
  },
  'first-line': {
    description:
      'trigger to the first line of a RUN, at an API client and painted in Chromium; the bar is 200 ms',
    fewest: 1,
    usual: 5,
    run: async (options, say) => (await import('./first-line.ts')).measureFirstLine(options, say),
  },
};

const help = `npm run bench -- <name> [--engine buildah|dagger] [--pairs <number>]

${Object.entries(benches)
  .map(([name, { description, usual }]) => `  ${name.padEnd(12)}${description} (${usual} pairs)`)
  .join('\n')}

NoHands must be built (npm start does it). Progress goes to stderr, the result to stdout as JSON.
--engine dagger needs a running engine: _EXPERIMENTAL_DAGGER_RUNNER_HOST and _EXPERIMENTAL_DAGGER_CLI_BIN.
first-line needs Chromium (/usr/bin/chromium, or its path in CHROMIUM_BIN).
`;

function readOptions(args: readonly string[]): { bench: Bench | null; options: Options } {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      engine: { type: 'string', default: 'buildah' },
      pairs: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const [name, ...others] = positionals;
  if (values.help || name === undefined || name === 'list') return { bench: null, options: noOptions };
  const bench = Object.hasOwn(benches, name) ? benches[name] : undefined;
  if (bench === undefined || others.length > 0)
    throw new UsageError(`There is no bench "${positionals.join(' ')}".`);
  const pairs = values.pairs === undefined ? null : Number(values.pairs);
  if (pairs !== null && (!Number.isSafeInteger(pairs) || pairs < bench.fewest)) {
    throw new UsageError(`--pairs is a whole number from ${bench.fewest}.`);
  }
  return { bench, options: { engine: chooseEngine(values.engine), pairs } };
}

const noOptions: Options = { engine: { name: 'buildah' }, pairs: null };

async function main(): Promise<void> {
  const { bench, options } = readOptions(process.argv.slice(2));
  if (bench === null) return void process.stdout.write(help);
  const say = (sentence: string): void => void process.stderr.write(`${sentence}\n`);
  const startedAt = new Date().toISOString();
  const result = await bench.run({ engine: options.engine, pairs: options.pairs ?? bench.usual }, say);
  process.stdout.write(`${JSON.stringify({ measured_at: startedAt, ...(result as object) }, null, 2)}\n`);
}

main().catch((error: unknown) => {
  const isUsage =
    error instanceof UsageError || (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS');
  const text =
    error instanceof Error
      ? isUsage
        ? `${error.message}\n\n${help}`
        : (error.stack ?? error.message)
      : String(error);
  process.stderr.write(`${text}\n`);
  process.exitCode = isUsage ? 2 : 1;
});
