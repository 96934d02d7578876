import fastifyStatic from '@fastify/static';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { answerProblem } from './problem-answer.js';
import type { ApiReply, ApiRequest } from './request.js';
import type { RouteTable } from './route-table.js';
import { dashboardPolicy, makeNonce } from './security-headers.js';

/** Angular writes a hash of the content into these names, so they never change. */
const hashedName = /-[\w-]{8}\.(js|css|woff2)$/;

/**
 * Serves the built dashboard: files with their hash in the name for ever, the page itself never cached. Every address
 * without a file ending is a page of the dashboard; a missing file and everything below /api is a 404.
 */
export async function serveDashboard(
  app: NestFastifyApplication,
  folder: string,
  routes: RouteTable,
): Promise<void> {
  const index = join(folder, 'index.html');
  const page = existsSync(index) ? readFileSync(index, 'utf8') : null;
  if (page !== null) {
    await app.register(fastifyStatic, {
      root: folder,
      wildcard: false,
      index: false,
      cacheControl: false,
      globIgnore: ['index.html'],
      setHeaders: (reply, path) => {
        reply.header(
          'cache-control',
          hashedName.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache',
        );
      },
    });
  }
  app
    .getHttpAdapter()
    .getInstance()
    .get('/*', (request: ApiRequest, reply: ApiReply) => {
      if (page === null || !isPage(request.url)) {
        answerProblem(request, reply, routes.explainMissing(request));
        return;
      }
      const nonce = makeNonce();
      reply
        .header('content-security-policy', dashboardPolicy(nonce))
        .header('cache-control', 'no-cache')
        .type('text/html; charset=utf-8')
        .send(page.replace(/<app-root(?=[\s>])/, `<app-root ngCspNonce="${nonce}"`));
    });
}

function isPage(url: string): boolean {
  const path = url.split('?', 1)[0] ?? '';
  if (path === '/index.html') return true;
  if (/^\/(api|livez|readyz)(\/|$)/.test(path)) return false;
  return !/\.[a-z0-9]+$/i.test(path);
}
