import { Answers, Queries } from './fields.js';

/** What every list takes. */
export class PageQueryDto {
  @Queries.whole({ max: 100, description: 'Rows on a page, 20 without it' })
  limit?: number;

  @Queries.text({ max: 500, description: 'From `next` or `previous`; opaque' })
  cursor?: string;

  @Queries.whole({ max: 100, description: 'One of the first 100 pages; excludes `cursor`' })
  page?: number;
}

/** What every list answers beside its `results`. */
export class PageDto {
  @Answers.whole({ nullable: true, description: 'Exact up to 10,000, null above' })
  count!: number | null;

  @Answers.text({ nullable: true, description: 'Address of the next page' })
  next!: string | null;

  @Answers.text({ nullable: true, description: 'Address of the previous page' })
  previous!: string | null;
}
