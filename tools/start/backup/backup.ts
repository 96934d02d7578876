import { readdir, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Configuration } from '@nohands/config';
import { openStorage } from '@nohands/storage';
import { Client } from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { readSecretKey } from '../secret-key.ts';
import { BackupWriter, inParts } from './backup-writer.ts';
import { openCommandDatabase } from './command-database.ts';
import { BackupError, fingerprintOf, keyPath, type BackupTable } from './manifest.ts';
import { copyTarget, readSchemaVersion, readTables, type TableShape } from './tables.ts';

const partBytes = 8 * 1024 * 1024;

export type BackupOptions = { readonly file: string | null; readonly isKeyIncluded: boolean };

/** Writes everything of an installation, running or not, into one tar file; answers its path. A failure leaves none. */
export async function backup(configuration: Configuration, options: BackupOptions): Promise<string> {
  const key = configuration.secretKey ?? readSecretKey(configuration.dataDir);
  if (key === null) throw new BackupError('There is nothing to back up: this data folder has no key yet.');
  const stamp = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  const path = resolve(options.file ?? `nohands-backup-${stamp}.tar`);
  const temporary = `${path}.part`;
  const database = await openCommandDatabase(configuration, 'share');
  const client = new Client({ connectionString: database.connectionString });
  const writer = new BackupWriter(temporary);
  try {
    await client.connect();
    // One snapshot for all tables; blobs come after it, and none that it names is ever missing.
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const schema = await readSchemaVersion(client);
    const tables = await addTables(writer, client);
    await addBlobs(writer, configuration.storageUrl);
    if (options.isKeyIncluded) await writer.add(keyPath, Buffer.from(key));
    const keyNote = { isIncluded: options.isKeyIncluded, fingerprint: fingerprintOf(key) };
    const createdAt = new Date().toISOString();
    await writer.finish({ format: 'nohands-backup', version: 1, createdAt, schema, tables, key: keyNote });
    await rename(temporary, path);
    return path;
  } finally {
    writer.abandon();
    await rm(temporary, { force: true });
    await client.end();
    await database.close();
  }
}

async function addTables(writer: BackupWriter, client: Client): Promise<BackupTable[]> {
  const tables: BackupTable[] = [];
  for (const shape of await readTables(client))
    tables.push({ ...shape, rows: await addTable(writer, client, shape) });
  return tables;
}

async function addTable(writer: BackupWriter, client: Client, shape: TableShape): Promise<number> {
  const copy = client.query(copyTo(`COPY ${copyTarget(shape)} TO STDOUT`));
  let part = 0;
  for await (const bytes of inParts(copy, partBytes)) {
    part += 1;
    await writer.add(`tables/${shape.name}/${String(part).padStart(6, '0')}.copy`, bytes);
  }
  return copy.rowCount;
}

async function addBlobs(writer: BackupWriter, storageUrl: string): Promise<void> {
  const storage = openStorage(storageUrl);
  for (const digest of await listBlobs(fileURLToPath(storageUrl))) {
    const bytes = await storage.size(digest);
    // Removed since it was listed: an image that nobody keeps any more.
    if (bytes === null) continue;
    await writer.addStream(`blobs/${digest.replace(':', '/')}`, bytes, storage.open(digest));
  }
}

async function listBlobs(folder: string): Promise<string[]> {
  const root = join(folder, 'blobs', 'sha256');
  const names = await readdir(root, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return names
    .map((name) => name.slice(-64))
    .filter((name) => /^[0-9a-f]{64}$/.test(name))
    .sort()
    .map((hex) => `sha256:${hex}`);
}
