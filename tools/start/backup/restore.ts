import { renameSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { Configuration } from '@nohands/config';
import { migrateDatabase } from '@nohands/database';
import { openStorage, type BlobStorage } from '@nohands/storage';
import { Client } from 'pg';
import { from as copyFrom, type CopyFromStream } from 'pg-copy-streams';
import { readSecretKey, writeSecretKey } from '../secret-key.ts';
import { readAll, readEntries, verifyBackup } from './backup-reader.ts';
import { openCommandDatabase } from './command-database.ts';
import { loosenTables, tightenTables } from './constraints.ts';
import { BackupError, fingerprintOf, readEntryPath, type BackupTable, type Manifest } from './manifest.ts';
import { copyTarget, readSchemaVersion, readTables, tableName } from './tables.ts';

/** A database that has rows here is somebody's. */
const tellingTables = ['users', 'repositories', 'builds'];

/**
 * Restores a backup into an empty installation: every byte is verified before anything is written, the database gets
 * everything or nothing. Answers sentences for the operator. Throws `BackupError`.
 */
export async function restore(configuration: Configuration, file: string): Promise<string[]> {
  const manifest = await verifyBackup(file);
  const database = await openCommandDatabase(configuration, 'refuse');
  const client = new Client({ connectionString: database.connectionString });
  try {
    await migrateDatabase(database.connectionString);
    await client.connect();
    await checkTarget(client, manifest);
    const storage = openStorage(configuration.storageUrl);
    const load = new BackupLoad(client, manifest, storage);
    const notes: string[] = [];
    await client.query('BEGIN');
    await load.run(file, (key) => void notes.push(...keepKey(configuration, key)));
    await client.query('COMMIT');
    if (!manifest.key.isIncluded) notes.push(...missingKey(configuration, manifest));
    return notes;
  } finally {
    await client.end();
    await database.close();
  }
}

async function checkTarget(client: Client, manifest: Manifest): Promise<void> {
  const schema = await readSchemaVersion(client);
  if (schema !== manifest.schema) {
    throw new BackupError(
      `The backup has the schema ${manifest.schema}, this version of NoHands has ${schema}. ` +
        'Restore with the version that made the backup, then upgrade.',
    );
  }
  for (const name of tellingTables) {
    const { rowCount } = await client.query(`SELECT 1 FROM ${tableName(name)} LIMIT 1`);
    if (rowCount !== 0) {
      throw new BackupError(
        `The database is not empty (it has ${name}). Restore into a new one: another DATABASE_URL or DATA_DIR, ` +
          'or `npm run reset` first.',
      );
    }
  }
}

/** The second reading of the file: into the open transaction and the storage. */
class BackupLoad {
  readonly #client: Client;
  readonly #manifest: Manifest;
  readonly #storage: BlobStorage;
  readonly #loaded = new Map<string, number>();
  #copy: { table: BackupTable; stream: CopyFromStream } | null = null;

  constructor(client: Client, manifest: Manifest, storage: BlobStorage) {
    this.#client = client;
    this.#manifest = manifest;
    this.#storage = storage;
  }

  async run(file: string, keepKey: (key: string) => void): Promise<void> {
    const present = (await readTables(this.#client)).map(({ name }) => name);
    const loosened = await loosenTables(this.#client, present);
    await this.#client.query(`TRUNCATE ${present.map(tableName).join(', ')}`);
    await readEntries(file, async (path, content) => {
      const entry = readEntryPath(path);
      if (entry?.kind === 'table') return this.#loadPart(entry.table, content);
      await this.#endCopy();
      if (entry?.kind === 'blob') await this.#storage.put(entry.digest, content);
      if (entry?.kind === 'key') keepKey((await readAll(content, 4096)).toString('utf8'));
    });
    await this.#endCopy();
    this.#checkRows();
    await tightenTables(this.#client, present, loosened);
    await this.#nameStorage();
  }

  async #loadPart(name: string, content: Readable): Promise<void> {
    if (this.#copy?.table.name !== name) {
      await this.#endCopy();
      const table = this.#manifest.tables.find((candidate) => candidate.name === name);
      if (table === undefined) throw new BackupError(`The backup describes no table "${name}".`);
      this.#copy = { table, stream: this.#client.query(copyFrom(`COPY ${copyTarget(table)} FROM STDIN`)) };
    }
    const { stream } = this.#copy;
    for await (const chunk of content as AsyncIterable<Buffer>) {
      if (!stream.write(chunk)) await new Promise((resolve) => stream.once('drain', resolve));
    }
  }

  async #endCopy(): Promise<void> {
    if (this.#copy === null) return;
    const { table, stream } = this.#copy;
    this.#copy = null;
    stream.end();
    await finished(stream, { readable: false });
    this.#loaded.set(table.name, stream.rowCount);
  }

  #checkRows(): void {
    for (const { name, rows } of this.#manifest.tables) {
      const loaded = this.#loaded.get(name) ?? 0;
      if (loaded !== rows) throw new BackupError(`Table ${name} got ${loaded} rows instead of ${rows}.`);
    }
  }

  /** The blobs may now lie in another storage than those of the backup: the database must name this one. */
  async #nameStorage(): Promise<void> {
    const identity = JSON.stringify(await this.#storage.identity());
    await this.#client.query(`UPDATE settings SET value = $1::jsonb WHERE key = 'storage_id'`, [identity]);
  }
}

function keepKey({ secretKey, dataDir }: Configuration, key: string): string[] {
  if (secretKey !== null) {
    return secretKey === key
      ? []
      : ['SECRET_KEY is not the key of the backup: set it to that, or stored secrets stay unreadable.'];
  }
  const existing = readSecretKey(dataDir);
  if (existing === key) return [];
  const path = join(dataDir, 'secret.key');
  // It protected nothing: the database was empty.
  if (existing !== null) renameSync(path, `${path}.${Date.now()}.replaced`);
  writeSecretKey(dataDir, key);
  return [];
}

function missingKey({ secretKey, dataDir }: Configuration, { key }: Manifest): string[] {
  const present = secretKey ?? readSecretKey(dataDir);
  if (present !== null && fingerprintOf(present) === key.fingerprint) return [];
  return [
    'The backup was made without --with-key: before the next start set SECRET_KEY to the key of the backed-up ' +
      'installation (its SECRET_KEY or DATA_DIR/secret.key), or stored secrets stay unreadable.',
  ];
}
