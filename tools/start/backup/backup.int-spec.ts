import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { loadConfiguration, type Configuration } from '@nohands/config';
import { migrateDatabase } from '@nohands/database';
import { openStorage } from '@nohands/storage';
import { createTestDatabase, type TestDatabase } from '@nohands/testing';
import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { backup } from './backup.ts';
import { restore } from './restore.ts';

const key = 'a key of a backup test, long enough to count';
const blob = Buffer.from('the only layer');
const digest = `sha256:${createHash('sha256').update(blob).digest('hex')}`;

async function using<T>(connectionString: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Every row of every table as text, in a fixed order. */
function contentOf(connectionString: string): Promise<Record<string, string[]>> {
  return using(connectionString, async (client) => {
    const tables = await client.query<{ name: string }>(
      `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1`,
    );
    const content: Record<string, string[]> = {};
    for (const { name } of tables.rows) {
      if (name === 'migrations') continue;
      const { rows } = await client.query<{ row: string }>(
        `SELECT t::text AS row FROM public."${name}" t ORDER BY 1`,
      );
      content[name] = rows.map(({ row }) => row);
    }
    return content;
  });
}

const someRows = `
  INSERT INTO users (email, name, is_admin) VALUES ('a@example.org', E'tab\\there, line\\nbreak, back\\\\slash', true);
  INSERT INTO repositories (owner_id, name, url, image_name) VALUES (1, 'one', 'https://example.org/one.git', 'one');
  INSERT INTO commits (repository_id, sha, message, author, author_email, committed_at)
    SELECT 1, md5(i::text), repeat('x', 400) || i, 'A', 'a@example.org', now() FROM generate_series(1, 40000) i;
  INSERT INTO builds (repository_id, commit_id, dockerfile_path, timeout_seconds) VALUES (1, 7, 'Dockerfile', 60);
  INSERT INTO repository_credentials (repository_id, origin, key_id, nonce, ciphertext)
    VALUES (1, 'https://example.org', 'k', decode('00ff0a5c', 'hex'), decode('5c2e0a00', 'hex'));
  INSERT INTO settings (key, value) VALUES ('storage_id', '"another storage"');`;

describe(restore.name, () => {
  let folder: string;
  let source: TestDatabase;
  let target: TestDatabase;
  let file: string;

  function configure(database: TestDatabase, name: string, secret = key): Configuration {
    return loadConfiguration({
      DATABASE_URL: database.connectionString,
      DATA_DIR: join(folder, name),
      SECRET_KEY: secret,
      STORAGE_URL: pathToFileURL(join(folder, name, 'storage')).href,
    });
  }

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'nohands-backup-'));
    file = join(folder, 'backup.tar');
    [source, target] = await Promise.all([createTestDatabase(), createTestDatabase()]);
    await migrateDatabase(source.connectionString);
    await using(source.connectionString, (client) => client.query(someRows));
    await openStorage(configure(source, 'from').storageUrl).put(digest, Readable.from([blob]));
  });
  afterEach(async () => {
    await Promise.all([source.drop(), target.drop()]);
    rmSync(folder, { recursive: true, force: true });
  });

  it('brings back every row and blob, and goes on counting ids', async () => {
    await backup(configure(source, 'from'), { file, isKeyIncluded: true });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(await restore(configure(target, 'to'), file)).toEqual([]);

    const storage = openStorage(configure(target, 'to').storageUrl);
    const [before, after] = [
      await contentOf(source.connectionString),
      await contentOf(target.connectionString),
    ];
    expect(after['settings']?.[0]).toContain(await storage.identity());
    expect({ ...after, settings: [] }).toEqual({ ...before, settings: [] });
    expect(after['repository_credentials']).toEqual([expect.stringContaining('00ff0a5c')]);
    expect(Object.values(after).flat().length).toBeGreaterThan(40_000);
    expect(await storage.size(digest)).toBe(blob.length);
    const { rows } = await using(target.connectionString, (client) =>
      client.query(`INSERT INTO users (email, name) VALUES ('b@example.org', 'B') RETURNING id`),
    );
    expect(rows).toEqual([{ id: 2 }]);
    await expect(
      using(target.connectionString, (client) => client.query('UPDATE builds SET commit_id = 0')),
    ).rejects.toThrow(/fk_builds_commit/);
  });

  it('leaves the key out unless asked to put it in, and says what that means', async () => {
    await backup(configure(source, 'from'), { file, isKeyIncluded: false });
    expect(readFileSync(file).includes(key)).toBe(false);
    const [note] = await restore(
      configure(target, 'to', 'some other key that is as long as it must be'),
      file,
    );
    expect(note).toMatch(/made without --with-key/);
  });

  it('writes nothing when one byte of the file differs', async () => {
    await backup(configure(source, 'from'), { file, isKeyIncluded: true });
    const bytes = readFileSync(file);
    bytes.write('X', bytes.indexOf('a@example.org'));
    writeFileSync(file, bytes);
    await expect(restore(configure(target, 'to'), file)).rejects.toThrow(
      /"tables\/commits\/000001.copy" is not what/,
    );
    writeFileSync(file, bytes.subarray(0, bytes.length / 2));
    await expect(restore(configure(target, 'to'), file)).rejects.toThrow(
      /Nothing was restored|cannot be read/,
    );
    expect(await contentOf(target.connectionString)).toEqual({});
  });

  it('refuses a database that is in use', async () => {
    await backup(configure(source, 'from'), { file, isKeyIncluded: true });
    await expect(restore(configure(source, 'to'), file)).rejects.toThrow(/not empty/);
  });

  it('leaves no half file when the backup fails', async () => {
    await using(source.connectionString, (client) => client.query('DROP TABLE migrations'));
    await expect(backup(configure(source, 'from'), { file, isKeyIncluded: false })).rejects.toThrow(
      /no NoHands data/,
    );
    expect(readdirSync(folder)).toEqual(['from']);
  });
});
