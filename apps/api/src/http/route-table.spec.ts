import { describe, expect, it } from 'vitest';
import type { ApiRequest } from './request.js';
import { RouteTable } from './route-table.js';

describe(RouteTable.name, () => {
  const routes = new RouteTable();
  routes.add({ method: ['GET', 'HEAD'], url: '/api/builds/:id' });
  routes.add({ method: 'POST', url: '/api/builds/:id/cancel/' });
  routes.add({ method: 'GET', url: '/*' });
  const explain = (method: string, url: string) => routes.explainMissing({ method, url } as ApiRequest).code;

  it('tells a wrong method from a wrong address', () => {
    expect(explain('PUT', '/api/builds/1')).toBe('method_not_allowed');
    expect(explain('GET', '/api/builds/1/cancel?x=1')).toBe('method_not_allowed');
    expect(explain('PUT', '/api/builds/1/more')).toBe('not_found');
    expect(explain('POST', '/anything')).toBe('not_found');
  });
});
