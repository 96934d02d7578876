import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { ConsoleLogger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ConfigurationError, loadServerConfiguration } from '@nohands/config';
import { makeEngine } from './engines/make-engine.js';
import { Worker } from './worker.js';
import { WorkerModule } from './worker.module.js';

/** EX_CONFIG: the launcher need not try again, a restart would change nothing. */
const configurationExitCode = 78;

const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

async function main(): Promise<void> {
  const configuration = loadServerConfiguration();
  const engine = await makeEngine(configuration);
  const application = await NestFactory.createApplicationContext(
    WorkerModule.forRoot(configuration, engine, version),
    // What the framework says while it wires itself up is of no use to an operator.
    { logger: new ConsoleLogger('worker', { logLevels: ['warn', 'error', 'fatal'] }), abortOnError: false },
  );
  application.useLogger(new ConsoleLogger('worker', { logLevels: ['log', 'warn', 'error', 'fatal'] }));
  const worker = new Worker(application, configuration.databaseUrl);
  stopOnRequest(worker);
  await worker.start();
  process.send?.({ ready: true });
}

/** SIGTERM, SIGINT, the launcher's word or its death end the worker; a second request ends it at once. */
function stopOnRequest(worker: Worker): void {
  let isStopping = false;
  const stop = (): void => {
    if (isStopping) process.exit(1);
    isStopping = true;
    worker.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`The worker did not stop cleanly: ${String(error)}\n`);
        process.exit(1);
      },
    );
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  process.on('message', (message) => {
    if (message === 'stop') stop();
  });
  process.on('disconnect', stop);
}

main().catch((error: unknown) => {
  const text =
    error instanceof ConfigurationError
      ? error.message
      : error instanceof Error
        ? (error.stack ?? error.message)
        : String(error);
  process.stderr.write(`${text}\n`);
  process.exit(error instanceof ConfigurationError ? configurationExitCode : 1);
});
