import fastifyStatic from '@fastify/static';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { answerProblem } from './problem-answer.js';
import type { ApiReply, ApiRequest } from './request.js';
import type { RouteTable } from './route-table.js';
import { dashboardPolicy, makeNonce } from './security-headers.js';

/** The bundler writes a hash of the content into these names, so they never change. */
const hashedName = /-[\w-]{8}\.(js|css|woff2)$/;

/**
 * Serves the built dashboard: files with their hash in the name for ever, the page itself never cached. Every address
 * without a file ending is a page of the dashboard; a missing file and everything below /api is a 404. Files are looked
 * for when they are asked for, so that a new build needs no restart.
 */
export async function serveDashboard(
  app: NestFastifyApplication,
  folder: string,
  routes: RouteTable,
): Promise<void> {
  const isBuilt = existsSync(folder);
  if (isBuilt) await app.register(fastifyStatic, { root: folder, serve: false });
  app
    .getHttpAdapter()
    .getInstance()
    .get('/*', async (request: ApiRequest, reply: ApiReply) => {
      const path = request.url.split('?', 1)[0] ?? '';
      if (!isBuilt || isOutside(path)) return answerProblem(request, reply, routes.explainMissing(request));
      return isPage(path) ? sendPage(reply, join(folder, 'index.html')) : sendFile(reply, path);
    });
}

function isOutside(path: string): boolean {
  return /^\/(api|livez|readyz)(\/|$)/.test(path);
}

function isPage(path: string): boolean {
  return path === '/index.html' || !/\.[a-z0-9]+$/i.test(path);
}

async function sendPage(reply: ApiReply, file: string): Promise<ApiReply> {
  const page = await readFile(file, 'utf8');
  const nonce = makeNonce();
  return reply
    .header('content-security-policy', dashboardPolicy(nonce))
    .header('cache-control', 'no-cache')
    .type('text/html; charset=utf-8')
    .send(page.replace(/<app-root(?=[\s>])/, `<app-root ngCspNonce="${nonce}"`));
}

function sendFile(reply: ApiReply, path: string): ApiReply {
  const isForEver = hashedName.test(path);
  reply.header('cache-control', isForEver ? 'public, max-age=31536000, immutable' : 'no-cache');
  return reply.sendFile(path, { cacheControl: false });
}
