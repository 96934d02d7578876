import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { loadServerConfiguration } from '@nohands/config';
import { describeApi } from './http/openapi.document.js';
import { globalPrefix, prefixOptions } from './http/prefix.js';
import { ServerModule } from './server.module.js';

/** The OpenAPI document from the code alone: in preview mode nothing is instantiated, so no database is needed. */
export async function previewDocument(): Promise<string> {
  // Never connected to: the modules only want to be told of a database.
  const configuration = loadServerConfiguration({
    DATABASE_URL: 'postgresql://preview/preview',
    SECRET_KEY: 'preview'.repeat(8),
  });
  const app = await NestFactory.create<NestFastifyApplication>(
    ServerModule.with(configuration),
    new FastifyAdapter(),
    { preview: true, logger: ['error'] },
  );
  app.setGlobalPrefix(globalPrefix, prefixOptions);
  return `${JSON.stringify(describeApi(app), null, 2)}\n`;
}
