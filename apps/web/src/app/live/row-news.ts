import type { Loaded } from './loaded';
import { type RevisedRow, updateRows } from './newest-rows';

/**
 * Applies a row that arrived live to a list that is on screen, newest first: a known one changes in place, and with
 * `insertNew` a newer one comes on top. One older than all that is shown belongs to a later page.
 */
export function applyRowNews<Row extends RevisedRow>(
  list: Loaded<readonly Row[]>,
  row: Row,
  { insertNew }: { readonly insertNew: boolean },
): void {
  const rows = list.value();
  if (rows === undefined) return;
  if (rows.some((known) => known.id === row.id)) list.value.set(updateRows(rows, row));
  else if (insertNew && row.id > (rows[0]?.id ?? 0)) list.value.set([row, ...rows]);
}
