import type { ApiRequest } from './request.js';

type CursorPage<T> = {
  readonly count: number | null;
  readonly next: string | null;
  readonly previous: string | null;
  readonly results: T[];
};

/** Turns the cursors of a page into the addresses that a client follows, with all filters of this request. */
export function answerPage<T>(request: ApiRequest, page: CursorPage<T>): CursorPage<T> {
  return { ...page, next: pageAddress(request, page.next), previous: pageAddress(request, page.previous) };
}

function pageAddress({ site = '', url }: ApiRequest, cursor: string | null): string | null {
  if (cursor === null) return null;
  const [path = '', query = ''] = url.split('?', 2);
  const parameters = new URLSearchParams(query);
  parameters.delete('page');
  parameters.set('cursor', cursor);
  return `${site}${path}?${parameters.toString()}`;
}
