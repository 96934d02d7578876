/** A row whose `revision` rises with every change: late or repeated news never overwrite newer ones. */
export type RevisedRow = { readonly id: number; readonly revision: number };

/** The newer of two versions of a row; of the same revision the one that came last (why a build waits has none). */
export function newerOf<Row extends RevisedRow>(known: Row | undefined, incoming: Row): Row {
  return known !== undefined && known.revision > incoming.revision ? known : incoming;
}

/** Puts news into the rows that are shown; a row that is not shown stays out. */
export function updateRows<Row extends RevisedRow>(rows: readonly Row[], incoming: Row): readonly Row[] {
  const index = rows.findIndex((row) => row.id === incoming.id);
  const known = rows[index];
  if (known === undefined || newerOf(known, incoming) === known) return rows;
  return rows.with(index, incoming);
}

/** A freshly loaded page, where what arrived live while it was under way is newer than what was loaded. */
export function mergeLoaded<Row extends RevisedRow>(
  known: readonly Row[],
  loaded: readonly Row[],
): readonly Row[] {
  const byId = new Map(known.map((row) => [row.id, row]));
  return loaded.map((row) => newerOf(byId.get(row.id), row));
}
