import { Loaded } from './loaded';
import { applyRowNews } from './row-news';

type Row = { readonly id: number; readonly revision: number };

function listOf(...ids: number[]) {
  const list = new Loaded<readonly Row[]>();
  list.value.set(ids.map((id) => ({ id, revision: 1 })));
  return { list, ids: () => list.value()?.map((row) => row.id) };
}

describe(applyRowNews.name, () => {
  it('puts a new row on top, unless this is not the first page', () => {
    const { list, ids } = listOf(5, 4);
    applyRowNews(list, { id: 6, revision: 1 }, { insertNew: true });
    applyRowNews(list, { id: 7, revision: 1 }, { insertNew: false });
    expect(ids()).toEqual([6, 5, 4]);
  });

  it('leaves out a row that belongs to a later page', () => {
    const { list, ids } = listOf(5, 4);
    applyRowNews(list, { id: 2, revision: 9 }, { insertNew: true });
    expect(ids()).toEqual([5, 4]);
  });

  it('waits for the load when nothing is shown yet', () => {
    const list = new Loaded<readonly Row[]>();
    applyRowNews(list, { id: 2, revision: 9 }, { insertNew: true });
    expect(list.value()).toBeUndefined();
  });
});
