import { mergeLoaded, newerOf, updateRows } from './newest-rows';

const row = (id: number, revision: number, status = '') => ({ id, revision, status });

describe('newest rows', () => {
  it('a late older revision never overwrites a newer one', () => {
    expect(newerOf(row(1, 5, 'success'), row(1, 4, 'running')).status).toBe('success');
    expect(updateRows([row(1, 5, 'success')], row(1, 4, 'running'))[0]?.status).toBe('success');
  });

  it('of the same revision the last one counts: why a build waits changes without one', () => {
    expect(newerOf(row(1, 5, 'no_engine'), row(1, 5, 'limit_reached')).status).toBe('limit_reached');
  });

  it('changes a row in its place and lets no foreign row in', () => {
    const rows = [row(3, 1), row(2, 1), row(1, 1)];
    expect(updateRows(rows, row(2, 2, 'running'))).toEqual([row(3, 1), row(2, 2, 'running'), row(1, 1)]);
    expect(updateRows(rows, row(9, 1))).toBe(rows);
  });

  it('keeps what arrived live while the page was loading', () => {
    expect(mergeLoaded([row(1, 7, 'success')], [row(2, 1), row(1, 6, 'running')])).toEqual([
      row(2, 1),
      row(1, 7, 'success'),
    ]);
  });
});
