import { escapeIdentifier, type Client } from 'pg';
import { BackupError, type BackupTable } from './manifest.ts';

/** Kept by the migrations themselves. */
const migrationsTable = 'migrations';
/** What is true of this machine and this moment only. */
const transientTables = ['workers'];

export type TableShape = Omit<BackupTable, 'rows'>;

/** The tables of the application's schema that a backup holds, and their stored columns, by name. */
export async function readTables(client: Client): Promise<TableShape[]> {
  const { rows } = await client.query<{ name: string; columns: string[] }>(
    `SELECT c.table_name AS name, array_agg(c.column_name::text ORDER BY c.ordinal_position) AS columns
     FROM information_schema.columns c
     JOIN information_schema.tables t USING (table_schema, table_name)
     WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' AND c.is_generated = 'NEVER' AND t.table_name <> ALL($1)
     GROUP BY c.table_name ORDER BY c.table_name`,
    [[migrationsTable, ...transientTables]],
  );
  return rows;
}

/** The name of the last migration; throws `BackupError` where there is no schema. */
export async function readSchemaVersion(client: Client): Promise<string> {
  const found = await client.query<{ exists: boolean }>('SELECT to_regclass($1) IS NOT NULL AS exists', [
    `public.${migrationsTable}`,
  ]);
  const last = found.rows[0]?.exists
    ? await client.query<{ name: string }>(`SELECT name FROM ${migrationsTable} ORDER BY id DESC LIMIT 1`)
    : null;
  const name = last?.rows[0]?.name;
  if (name === undefined)
    throw new BackupError('The database holds no NoHands data: start NoHands once, then back up.');
  return name;
}

/** `"public"."name" ("a", "b")` for COPY. */
export function copyTarget({ name, columns }: TableShape): string {
  return `${tableName(name)} (${columns.map((column) => escapeIdentifier(column)).join(', ')})`;
}

/** The quoted, qualified name of a table. */
export function tableName(name: string): string {
  return `public.${escapeIdentifier(name)}`;
}
