import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Problem } from '@nohands/domain';
import { readJson } from './contract.pipe.js';
import { answerProblem } from './problem-answer.js';
import type { ApiReply, ApiRequest } from './request.js';
import type { RouteTable } from './route-table.js';
import { documentationPolicy, securityHeaders } from './security-headers.js';
import type { Site } from './site.js';

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Before any handler: headers of every answer, the host we answer to, the page that asks, the body. */
export function addRequestHooks(app: NestFastifyApplication, site: Site, routes: RouteTable): void {
  const server = app.getHttpAdapter().getInstance();
  server.addHook('onRoute', (route) => routes.add(route));
  server.addHook('onRequest', (request: ApiRequest, reply: ApiReply, done) => {
    addHeaders(request, reply);
    request.site = site.addressOf(request);
    const problem = judgeHost(request, site) ?? judgeOrigin(request, site);
    if (problem) answerProblem(request, reply, problem);
    else done();
  });
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => {
    try {
      done(null, readJson(body as string));
    } catch (error) {
      done(error as Error, undefined);
    }
  });
}

export function addHeaders(request: ApiRequest, reply: ApiReply): void {
  reply.headers({ ...securityHeaders, 'x-request-id': request.id });
  if (request.url.startsWith('/api/docs')) reply.header('content-security-policy', documentationPolicy);
  if (request.url.startsWith('/api')) reply.header('cache-control', 'no-store');
}

function judgeHost(request: ApiRequest, site: Site): Problem | null {
  // Monitors ask by address; the health checks tell nothing that a name would protect.
  if (/^\/(livez|readyz)\/?(\?|$)/.test(request.url) || site.isAllowedHost(request.host)) return null;
  return new Problem(
    'bad_request',
    'This server does not answer to that host name. Add it to ALLOWED_HOSTS.',
  );
}

/**
 * A browser adds cookies whoever asks; its Origin says which page did (every browser sends it with such a request from
 * another site). What sends neither Origin nor Sec-Fetch-Site is a script. Bearer tokens are never added by themselves.
 */
function judgeOrigin(request: ApiRequest, site: Site): Problem | null {
  if (safeMethods.has(request.method) || request.headers.authorization !== undefined) return null;
  const { origin, cookie } = request.headers;
  if (origin === undefined) {
    const fetchSite = request.headers['sec-fetch-site'];
    const isOurs =
      cookie === undefined || fetchSite === undefined || ['same-origin', 'none'].includes(String(fetchSite));
    return isOurs ? null : foreign();
  }
  return site.isOwnOrigin(origin, request) ? null : foreign();
}

function foreign(): Problem {
  return new Problem(
    'foreign_origin',
    'The request does not come from a page of this site. Behind a proxy, set PUBLIC_URL to the address users type.',
  );
}
