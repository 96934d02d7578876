import 'reflect-metadata';
import { ConfigurationError, loadServerConfiguration } from '@nohands/config';
import { DatabaseNewerError } from '@nohands/database';
import { fileURLToPath } from 'node:url';
import { startServer, type RunningServer } from './server.js';

const configurationExitCode = 78;
const dashboardFolder = fileURLToPath(new URL('../../web/dist', import.meta.url));

async function main(): Promise<void> {
  const configuration = loadServerConfiguration();
  for (const warning of configuration.warnings) process.stderr.write(`${warning}\n`);
  const server = await startServer(configuration, dashboardFolder);
  stopOnRequest(server);
  tell({ ready: true, port: server.port });
  if (server.setupUrl === null) return;
  if (process.send) tell({ setupUrl: server.setupUrl });
  else process.stdout.write(`Create the first administrator: ${server.setupUrl}\n`);
}

function tell(message: object): void {
  process.send?.(message);
}

/** SIGTERM, SIGINT, the launcher's word or its death end the server; a second request ends it at once. */
function stopOnRequest(server: RunningServer): void {
  let isStopping = false;
  const stop = (): void => {
    if (isStopping) process.exit(1);
    isStopping = true;
    server.stop().then(
      () => process.exit(0),
      (error: unknown) => fail('The API did not stop cleanly', error, 1),
    );
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  process.on('message', (message) => {
    if (message === 'stop') stop();
  });
  process.on('disconnect', stop);
}

function fail(what: string, error: unknown, code: number): never {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`${what}: ${text}\n`);
  process.exit(code);
}

main().catch((error: unknown) => {
  // A restart would change nothing about either.
  if (error instanceof ConfigurationError || error instanceof DatabaseNewerError) {
    process.stderr.write(`${error.message}\n`);
    process.exit(configurationExitCode);
  }
  fail('The API did not start', error, 1);
});
