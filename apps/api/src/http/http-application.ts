import fastifyCookie from '@fastify/cookie';
import type { Type, DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { SwaggerModule } from '@nestjs/swagger';
import type { Configuration } from '@nohands/config';
import { Problem } from '@nohands/domain';
import { randomUUID } from 'node:crypto';
import { ContractPipe } from './contract.pipe.js';
import { serveDashboard } from './dashboard.js';
import { describeApi } from './openapi.document.js';
import { globalPrefix, prefixOptions } from './prefix.js';
import { answerProblem } from './problem-answer.js';
import { ProblemFilter } from './problem.filter.js';
import { addHeaders, addRequestHooks } from './request-hooks.js';
import type { ApiReply, ApiRequest } from './request.js';
import { RevisionTag } from './revision.js';
import { RouteTable } from './route-table.js';
import { ServerLogger } from './server-logger.js';
import { Site } from './site.js';

export type HttpApplicationOptions = {
  readonly configuration: Configuration;
  /** Folder of the built dashboard; it may be missing. */
  readonly dashboardFolder: string;
};

const bodyLimit = 1024 * 1024;

/** The server around the modules, ready to listen: every answer of it is of the contract, also the failures. */
export async function createHttpApplication(
  module: Type | DynamicModule,
  { configuration, dashboardFolder }: HttpApplicationOptions,
): Promise<{ app: NestFastifyApplication; routes: RouteTable }> {
  const routes = new RouteTable();
  const app = await NestFactory.create<NestFastifyApplication>(module, makeAdapter(configuration), {
    bodyParser: false,
    abortOnError: false,
    logger: new ServerLogger(configuration.debug),
    forceCloseConnections: true,
  });
  addRequestHooks(app, new Site(configuration), routes);
  await app.register(fastifyCookie);
  app.setGlobalPrefix(globalPrefix, prefixOptions);
  app.useGlobalPipes(new ContractPipe());
  app.useGlobalInterceptors(new RevisionTag());
  app.useGlobalFilters(new ProblemFilter(routes));
  SwaggerModule.setup('api/docs', app, () => describeApi(app), {
    jsonDocumentUrl: 'api/openapi.json',
    raw: ['json'],
    customSiteTitle: 'NoHands API',
  });
  await serveDashboard(app, dashboardFolder, routes);
  return { app, routes };
}

function makeAdapter({ trustedProxies }: Configuration): FastifyAdapter {
  return new FastifyAdapter({
    bodyLimit,
    trustProxy: trustedProxies.length > 0 ? [...trustedProxies] : false,
    // Only for receiving a request; answers may take as long as a build.
    requestTimeout: 60_000,
    genReqId: () => randomUUID(),
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 500 },
    frameworkErrors: (_error: Error, request: ApiRequest, reply: ApiReply) => {
      addHeaders(request, reply);
      answerProblem(
        request,
        reply,
        new Problem('bad_request', 'The address cannot be read: it holds a broken %XX escape.'),
      );
    },
  });
}
