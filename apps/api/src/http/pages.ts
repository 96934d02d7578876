import { Problem } from '@nohands/domain';
import type { Page, PageRequest } from '@nohands/database';
import { largestId } from './fields.js';
import type { PageQueryDto } from './page.dto.js';

const usualLimit = 20;

export function toPageRequest({ limit, cursor, page }: PageQueryDto): PageRequest {
  return { limit: limit ?? usualLimit, cursor: cursor ?? null, page: page ?? null };
}

export function mapPage<Row, Dto>(page: Page<Row>, toDto: (row: Row) => Dto): Page<Dto> {
  return { ...page, results: page.results.map(toDto) };
}

/** Problem `not_found` for an id that no table can hold. */
export function requirePossibleId(id: number, what: string): void {
  if (id > largestId) throw new Problem('not_found', `There is no such ${what}.`);
}
