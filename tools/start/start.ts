// The second half of `npm start`, `backup`, `restore` and `reset`: run by the pinned Node, after the launcher built the libs.
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ConfigurationError, loadConfiguration } from '@nohands/config';
import { StopRequests } from './stop-requests.ts';

const say = (sentence: string): void => void process.stdout.write(`${sentence}\n`);
const root = new URL('../../', import.meta.url);

async function start(): Promise<number> {
  const configuration = loadConfiguration();
  for (const warning of configuration.warnings) say(`Warning: ${warning}`);
  const requests = new StopRequests();
  requests.listen();
  const { runServer } = await import('./run-server.ts');
  const { installedParts } = await import('./installed-parts.ts');
  return runServer(configuration, installedParts(root, say), requests);
}

/** Errors with a code are for people and say what to do; anything else is ours and needs its stack. */
function explain(error: unknown): string {
  if (error instanceof ConfigurationError) return error.message;
  const isExpected = error instanceof Error && 'code' in error && typeof error.code === 'string';
  return isExpected ? error.message : String(error instanceof Error ? error.stack : error);
}

async function backup(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { 'with-key': { type: 'boolean', default: false } },
  });
  const commands = await import('./backup/backup.ts');
  const options = { file: positionals[0] ?? null, isKeyIncluded: values['with-key'] };
  say(`Backed up to ${await commands.backup(loadConfiguration(), options)}`);
  if (!options.isKeyIncluded)
    say('The key is not in it: keep SECRET_KEY or DATA_DIR/secret.key apart, or use --with-key.');
  return 0;
}

async function restore([file]: readonly string[]): Promise<number> {
  if (file === undefined) {
    say('Name the backup: npm run restore -- <file>');
    return 1;
  }
  const commands = await import('./backup/restore.ts');
  for (const note of await commands.restore(loadConfiguration(), resolve(file))) say(`Note: ${note}`);
  say(`Restored ${file}`);
  return 0;
}

async function reset(): Promise<number> {
  const commands = await import('./reset.ts');
  say(await commands.reset(loadConfiguration()));
  return 0;
}

const commands: Readonly<Record<string, (args: readonly string[]) => Promise<number>>> = {
  start,
  backup,
  restore,
  reset,
};

const [command = 'start', ...args] = process.argv.slice(2);
const run = commands[command];
try {
  if (run === undefined)
    throw new Error(`There is no "${command}": use one of ${Object.keys(commands).join(', ')}.`);
  process.exitCode = await run(args);
} catch (error) {
  say(explain(error));
  process.exitCode = 1;
}
// The channel to the launcher would keep this process alive.
if (process.connected) process.disconnect();
