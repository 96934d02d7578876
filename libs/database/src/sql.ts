import type { DataSource, EntityManager } from 'typeorm';

/** Where a statement runs: the pool, or the transaction that the manager stands for. */
export type Database = DataSource | EntityManager;

/** Rows of a hand-written statement, whatever its command; values only ever travel as parameters. */
export async function readRows<Row>(
  database: Database,
  statement: string,
  parameters: readonly unknown[] = [],
): Promise<Row[]> {
  const result: unknown = await database.query(statement, [...parameters]);
  if (!Array.isArray(result)) return [];
  // TypeORM answers UPDATE and DELETE with [rows, count] and everything else with the rows alone.
  const isCounted = result.length === 2 && Array.isArray(result[0]) && typeof result[1] === 'number';
  return (isCounted ? result[0] : result) as Row[];
}

/** The first row of a hand-written statement, or null. */
export async function readRow<Row>(
  database: Database,
  statement: string,
  parameters: readonly unknown[] = [],
): Promise<Row | null> {
  const rows = await readRows<Row>(database, statement, parameters);
  return rows[0] ?? null;
}

/** Collects the parameters of a statement: `add` binds a value and gives its placeholder. */
export class StatementParameters {
  readonly values: unknown[] = [];

  add(value: unknown): string {
    return `$${this.values.push(value)}`;
  }
}

/** The name of the broken constraint when `error` is a violation of a unique, foreign key or check rule, else null. */
export function brokenConstraint(error: unknown): string | null {
  if (typeof error !== 'object' || error === null) return null;
  const { code, constraint } = error as { code?: unknown; constraint?: unknown };
  const isViolation = typeof code === 'string' && code.startsWith('23');
  return isViolation && typeof constraint === 'string' ? constraint : null;
}
