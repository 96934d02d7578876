import { Problem } from '@nohands/domain';
import type { RouteOptions } from 'fastify';
import { MethodNotAllowed } from './api-problems.errors.js';
import type { ApiRequest } from './request.js';

type Route = { readonly methods: readonly string[]; readonly path: RegExp };

/** Every route of the server, to tell a wrong method from a wrong address. */
export class RouteTable {
  readonly #routes: Route[] = [];
  readonly #urls: { method: string; url: string }[] = [];

  /** Called by Fastify for every route as it is registered. */
  add({ method, url }: Pick<RouteOptions, 'method' | 'url'>): void {
    const methods = Array.isArray(method) ? method : [method];
    this.#urls.push(...methods.map((one) => ({ method: one, url })));
    if (url.includes('*')) return;
    const pattern = url
      .replace(/\/$/, '')
      .replace(/[.+?^${}()|[\]\\]/g, '\\$&')
      .replace(/:\w+/g, '[^/]+');
    this.#routes.push({ methods, path: new RegExp(`^${pattern}/?$`) });
  }

  /** As registered, for the test that demands a row of rights for every route. */
  get all(): readonly { readonly method: string; readonly url: string }[] {
    return this.#urls;
  }

  explainMissing(request: ApiRequest): Problem {
    const path = request.url.split('?', 1)[0] ?? '';
    const allowed = this.#routes.filter((route) => route.path.test(path)).flatMap(({ methods }) => methods);
    if (allowed.length > 0 && !allowed.includes(request.method)) {
      return new MethodNotAllowed([...new Set(allowed)].sort());
    }
    return new Problem('not_found', 'There is nothing at this address.');
  }
}
