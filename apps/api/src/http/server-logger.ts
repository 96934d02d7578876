import { ConsoleLogger } from '@nestjs/common';

/** What the framework says of each module and route at start; only of use to who changes the code. */
const chatter = new Set([
  'InstanceLoader',
  'NestApplication',
  'NestFactory',
  'RouterExplorer',
  'RoutesResolver',
]);

/** Log of the server on stdout: what happens, not how it is wired. */
export class ServerLogger extends ConsoleLogger {
  readonly #isDebug: boolean;

  constructor(isDebug: boolean) {
    const levels = ['fatal', 'error', 'warn', 'log'] as const;
    super('nohands-api', {
      logLevels: isDebug ? [...levels, 'debug', 'verbose'] : [...levels],
      colors: process.stdout.isTTY,
    });
    this.#isDebug = isDebug;
  }

  override log(message: unknown, ...rest: unknown[]): void {
    if (!this.#isDebug && chatter.has(String(rest.at(-1)))) return;
    super.log(message, ...rest);
  }
}
