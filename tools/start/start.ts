// The second half of `npm start`, `backup`, `restore` and `reset`: run by the pinned Node, after the launcher built the libs.
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
  return runServer(configuration, { ...installedParts(root), say }, requests);
}

/** Errors with a code are for people and say what to do; anything else is ours and needs its stack. */
function explain(error: unknown): string {
  if (error instanceof ConfigurationError) return error.message;
  const isExpected = error instanceof Error && 'code' in error && typeof error.code === 'string';
  return isExpected ? error.message : String(error instanceof Error ? error.stack : error);
}

const commands: Readonly<Record<string, () => Promise<number>>> = {
  start,
};

const [command = 'start'] = process.argv.slice(2);
const run = commands[command];
try {
  if (run === undefined)
    throw new Error(`There is no "${command}": use one of ${Object.keys(commands).join(', ')}.`);
  process.exitCode = await run();
} catch (error) {
  say(explain(error));
  process.exitCode = 1;
}
// The channel to the launcher would keep this process alive.
if (process.connected) process.disconnect();
