import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { ConfigurationError, type ServerConfiguration } from '@nohands/config';
import { migrateDatabase } from '@nohands/database';
import type { AddressInfo } from 'node:net';
import type { Server } from 'node:http';
import { FirstAdminService } from './admin/first-admin.service.js';
import { createHttpApplication } from './http/http-application.js';
import type { RouteTable } from './http/route-table.js';
import { LiveGateway } from './live/live.gateway.js';
import { SampleService } from './projects/sample.service.js';
import { ServerModule } from './server.module.js';

export type RunningServer = {
  readonly app: NestFastifyApplication;
  readonly routes: RouteTable;
  /** The port really listened on. */
  readonly port: number;
  /** Where the first administrator is made; null when there is one. */
  readonly setupUrl: string | null;
  stop(): Promise<void>;
};

/** Starts everything in the order in which it is needed; nobody can connect before all of it is there. */
export async function startServer(
  configuration: ServerConfiguration,
  dashboardFolder: string,
): Promise<RunningServer> {
  await migrateDatabase(configuration.databaseUrl);
  const { app, routes } = await createHttpApplication(ServerModule.with(configuration), {
    configuration,
    dashboardFolder,
  });
  await app.init();
  const admins = app.get(FirstAdminService);
  await admins.prepare();
  await requireAdminOutsideLoopback(configuration, admins);
  await app.get(SampleService).offerSample();
  const setupPath = await admins.makeSetupPath();
  const server = app.getHttpServer() as Server;
  app.get(LiveGateway).attach(server);
  await app.listen(configuration.port, configuration.host);
  const { port } = server.address() as AddressInfo;
  const setupUrl = setupPath === null ? null : configuration.siteAddress(port).replace(/\/$/, '') + setupPath;
  return { app, routes, port, setupUrl, stop: () => app.close() };
}

/** Whoever can reach a server without an administrator first could make themself one with a link seen in a log. */
async function requireAdminOutsideLoopback(
  { isLoopbackOnly, host }: ServerConfiguration,
  admins: FirstAdminService,
): Promise<void> {
  if (isLoopbackOnly || !(await admins.isNeeded())) return;
  throw new ConfigurationError([
    `HOST=${host} opens the server to others, but there is no administrator: set ADMIN_EMAIL and ADMIN_PASSWORD, or create one on HOST=127.0.0.1 first`,
  ]);
}
