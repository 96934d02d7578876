/** Whatever runs a statement and answers its rows: a data source of TypeORM. */
type Rows = { query(statement: string): Promise<{ name: string; row: string }[]> };

/**
 * Names of the tables with a row that holds the text, as it is, in hex (as bytea is shown) or in base64; for specs
 * that prove that a secret is nowhere.
 */
export async function findTablesWith(database: Rows, text: string): Promise<string[]> {
  const tables = await database.query(
    `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1`,
  );
  const forms = [text, Buffer.from(text).toString('hex'), Buffer.from(text).toString('base64')];
  const found: string[] = [];
  for (const { name } of tables) {
    const rows = await database.query(`SELECT t::text AS row FROM public."${name}" t`);
    if (rows.some(({ row }) => forms.some((form) => row.includes(form)))) found.push(name);
  }
  return found;
}
