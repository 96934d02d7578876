import 'reflect-metadata';
import { writeFile } from 'node:fs/promises';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { loadServerConfiguration } from '@nohands/config';
import { ServerModule } from './server.module.js';
import { globalPrefix, prefixOptions } from './http/prefix.js';
import { describeApi } from './http/openapi.document.js';

/** Writes the document from the code alone: in preview mode nothing is instantiated, so no database is needed. */
async function writeDocument(path: string): Promise<void> {
  // Never connected to: the module only wants to be told of a database.
  const configuration = loadServerConfiguration({
    DATABASE_URL: 'postgresql://preview/preview',
    SECRET_KEY: 'preview'.repeat(8),
  });
  const app = await NestFactory.create<NestFastifyApplication>(
    ServerModule.with(configuration),
    new FastifyAdapter(),
    {
      preview: true,
      logger: ['error'],
    },
  );
  app.setGlobalPrefix(globalPrefix, prefixOptions);
  await writeFile(path, `${JSON.stringify(describeApi(app), null, 2)}\n`);
}

const [target] = process.argv.slice(2);
if (target === undefined)
  throw new Error('Name the file to write: node apps/api/dist/write-openapi.js <file>');
await writeDocument(target);
