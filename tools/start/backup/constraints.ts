import { escapeIdentifier, type Client } from 'pg';
import { tableName } from './tables.ts';

type ForeignKey = { readonly table: string; readonly name: string; readonly definition: string };

/**
 * Takes foreign keys and triggers off, so that tables can be filled in any order (they may point at each other); what
 * an owner of the tables may do, without a superuser. Undone by a rollback.
 */
export async function loosenTables(client: Client, tables: readonly string[]): Promise<ForeignKey[]> {
  const { rows } = await client.query<ForeignKey>(
    `SELECT t.relname AS "table", c.conname AS name, pg_get_constraintdef(c.oid) AS definition
     FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid
     WHERE c.contype = 'f' AND c.connamespace = 'public'::regnamespace AND t.relname = ANY($1)`,
    [tables],
  );
  for (const { table, name } of rows) {
    await client.query(`ALTER TABLE ${tableName(table)} DROP CONSTRAINT ${escapeIdentifier(name)}`);
  }
  for (const table of tables) await client.query(`ALTER TABLE ${tableName(table)} DISABLE TRIGGER USER`);
  return rows;
}

/** Puts them back, which checks every row, and moves the identity columns behind the highest id. */
export async function tightenTables(
  client: Client,
  tables: readonly string[],
  keys: readonly ForeignKey[],
): Promise<void> {
  for (const table of tables) await client.query(`ALTER TABLE ${tableName(table)} ENABLE TRIGGER USER`);
  for (const { table, name, definition } of keys) {
    await client.query(
      `ALTER TABLE ${tableName(table)} ADD CONSTRAINT ${escapeIdentifier(name)} ${definition}`,
    );
  }
  const { rows } = await client.query<{ table: string; column: string; sequence: string }>(
    `SELECT table_name AS "table", column_name AS "column",
            pg_get_serial_sequence(format('public.%I', table_name), column_name) AS sequence
     FROM information_schema.columns WHERE table_schema = 'public' AND is_identity = 'YES' AND table_name = ANY($1)`,
    [tables],
  );
  for (const { table, column, sequence } of rows) {
    const highest = `(SELECT max(${escapeIdentifier(column)}) FROM ${tableName(table)})`;
    await client.query(`SELECT setval($1, coalesce(${highest}, 1), ${highest} IS NOT NULL)`, [sequence]);
  }
}
