import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { extract } from 'tar-stream';
import { BackupError, manifestPath, readEntryPath, type BackupEntry, type Manifest } from './manifest.ts';

const largestManifest = 256 * 1024 * 1024;

/** Calls `visit` for each entry in order; a rest of the content that it leaves is read over. */
export async function readEntries(
  file: string,
  visit: (path: string, content: Readable) => Promise<void>,
): Promise<void> {
  const entries = extract();
  const source = createReadStream(file);
  const isRead = pipeline(source, entries);
  const isVisited = (async () => {
    for await (const entry of entries) {
      await visit(entry.header.name, entry as unknown as Readable);
      entry.resume();
    }
  })();
  await Promise.all([isRead, isVisited]).catch((error: NodeJS.ErrnoException) => {
    source.destroy();
    if (error instanceof BackupError || error.code?.match(/^[0-9A-Z]{5}$/)) throw error;
    throw new BackupError(`${file} cannot be read: ${error.message}.`, { cause: error });
  });
}

/** Reads the whole file and compares every byte with the manifest; throws `BackupError` where anything differs. */
export async function verifyBackup(file: string): Promise<Manifest> {
  const found: BackupEntry[] = [];
  let manifest: Manifest | null = null;
  await readEntries(file, async (path, content) => {
    if (readEntryPath(path) === null || manifest !== null)
      throw damaged(file, `"${path}" does not belong in it`);
    if (path === manifestPath) manifest = parseManifest(file, await readAll(content, largestManifest));
    else found.push(await measure(path, content));
  });
  if (manifest === null) throw damaged(file, 'its end is missing');
  compare(file, (manifest as Manifest).entries, found);
  return manifest;
}

/** The content of a small entry. */
export async function readAll(content: Readable, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of content as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) throw new BackupError('The backup holds an entry that is too large.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function measure(path: string, content: Readable): Promise<BackupEntry> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of content as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { path, bytes, sha256: hash.digest('hex') };
}

function parseManifest(file: string, bytes: Buffer): Manifest {
  try {
    const manifest = JSON.parse(bytes.toString('utf8')) as Manifest;
    if (manifest.format === 'nohands-backup' && manifest.version === 1) return manifest;
  } catch {
    // Expected: no JSON. Said below.
  }
  throw damaged(file, 'its manifest is not one of a NoHands backup (version 1)');
}

function compare(file: string, wanted: readonly BackupEntry[], found: readonly BackupEntry[]): void {
  if (wanted.length !== found.length)
    throw damaged(file, `it has ${found.length} entries instead of ${wanted.length}`);
  wanted.forEach((entry, index) => {
    const other = found[index];
    const isSame = other?.path === entry.path && other.bytes === entry.bytes && other.sha256 === entry.sha256;
    if (!isSame) throw damaged(file, `"${entry.path}" is not what was backed up`);
  });
}

function damaged(file: string, how: string): BackupError {
  return new BackupError(`${file} is damaged or no backup: ${how}. Nothing was restored; use another copy.`);
}
