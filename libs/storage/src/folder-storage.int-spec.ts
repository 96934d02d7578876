import { temporaryDirectory, type TemporaryDirectory } from '@nohands/testing';
import { createHash, randomBytes } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BlobCorrupt, BlobNotFound } from './blob-storage.js';
import { FolderStorage } from './folder-storage.js';
import { openStorage } from './open-storage.js';

const digestOf = (bytes: Uint8Array) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
const bytes = randomBytes(700_000);
const digest = digestOf(bytes);

function inPieces(content: Uint8Array): Readable {
  const pieces = Array.from({ length: 7 }, (_, at) => content.subarray(at * 100_000, (at + 1) * 100_000));
  return Readable.from(pieces);
}

describe(FolderStorage.name, () => {
  let folder: TemporaryDirectory;
  let storage: FolderStorage;
  beforeEach(async () => {
    folder = await temporaryDirectory();
    storage = new FolderStorage(join(folder.path, 'made/when/needed'));
  });
  afterEach(() => folder.remove());

  const blobFile = () => join(storage.folder, 'blobs/sha256', digest.slice(7, 9), digest.slice(7));
  const uploads = () => readdir(join(storage.folder, 'uploads'));

  it('gives back what was put', async () => {
    expect(await storage.has(digest)).toBe(false);
    expect(await storage.put(digest, inPieces(bytes))).toBe(700_000);
    expect(await storage.size(digest)).toBe(700_000);
    expect(await buffer(storage.open(digest))).toEqual(bytes);
    expect(await uploads()).toEqual([]);
  });

  it('does not read the bytes of a blob it has', async () => {
    await storage.put(digest, inPieces(bytes));
    const unread = Readable.from([bytes]);
    expect(await storage.put(digest, unread)).toBe(700_000);
    expect(unread.readableDidRead).toBe(false);
  });

  it('takes the same blob from many at once', async () => {
    await Promise.all(Array.from({ length: 8 }, () => storage.put(digest, inPieces(bytes))));
    expect(await buffer(storage.open(digest))).toEqual(bytes);
    expect(await uploads()).toEqual([]);
  });

  it('stores nothing when the bytes do not have the digest', async () => {
    await expect(storage.put(digest, Readable.from([bytes.subarray(1)]))).rejects.toBeInstanceOf(BlobCorrupt);
    expect(await storage.has(digest)).toBe(false);
    expect(await uploads()).toEqual([]);
  });

  it('stores nothing when the source fails', async () => {
    async function* failing() {
      yield bytes.subarray(0, 1000);
      throw new Error('the source broke');
    }
    await expect(storage.put(digest, failing())).rejects.toThrow('the source broke');
    expect(await storage.has(digest)).toBe(false);
    expect(await uploads()).toEqual([]);
  });

  it('notices bytes that rotted, while they are read', async () => {
    await storage.put(digest, inPieces(bytes));
    await chmod(blobFile(), 0o644);
    await truncate(blobFile(), 699_999);
    await expect(buffer(storage.open(digest))).rejects.toBeInstanceOf(BlobCorrupt);
  });

  it('says which blob is missing', async () => {
    await expect(buffer(storage.open(digest))).rejects.toEqual(new BlobNotFound(digest));
    await expect(storage.copyTo(digest, join(folder.path, 'copy'))).rejects.toBeInstanceOf(BlobNotFound);
    await storage.delete(digest);
  });

  it('makes read-only copies that outlive the blob', async () => {
    await storage.put(digest, inPieces(bytes));
    const copy = join(folder.path, 'copy');
    await storage.copyTo(digest, copy);
    await storage.delete(digest);
    expect(await storage.has(digest)).toBe(false);
    expect(await readFile(copy)).toEqual(bytes);
    expect((await stat(copy)).mode & 0o222).toBe(0);
  });

  it('takes no name that could be a path', async () => {
    for (const name of ['sha256:../../etc/passwd', `sha256:${'A'.repeat(64)}`, `${digest}/x`, '']) {
      await expect(storage.size(name)).rejects.toBeInstanceOf(RangeError);
      await expect(storage.delete(name)).rejects.toBeInstanceOf(RangeError);
      expect(() => storage.open(name)).toThrow(RangeError);
    }
  });

  it('has one identity for all who open it, made once even by many at a time', async () => {
    const others = Array.from({ length: 8 }, () => openStorage(pathToFileURL(storage.folder).href));
    const ids = await Promise.all(others.map((other) => other.identity()));
    expect(new Set(ids).size).toBe(1);
    expect(ids[0]).toMatch(/^[0-9a-f-]{36}$/);
    expect(await storage.identity()).toBe(ids[0]);
    expect(await new FolderStorage(join(folder.path, 'other')).identity()).not.toBe(ids[0]);
  });

  it('removes uploads of processes that died, and none that may go on', async () => {
    await mkdir(join(storage.folder, 'uploads'), { recursive: true });
    const [old, fresh] = ['old', 'fresh'].map((name) => join(storage.folder, 'uploads', name));
    await writeFile(old!, 'x');
    await writeFile(fresh!, 'x');
    const twoDaysAgo = Date.now() / 1000 - 2 * 86_400;
    await utimes(old!, twoDaysAgo, twoDaysAgo);
    expect(await storage.removeStaleUploads()).toBe(1);
    expect(await uploads()).toEqual(['fresh']);
  });
});
