import { BuildError } from '@nohands/domain';
import { createHash, randomUUID, type Hash } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { copyFile, link, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline, type Readable, Transform } from 'node:stream';
import { BlobCorrupt, BlobNotFound, BlobStorage, isDigest, type Digest } from './blob-storage.js';

const identityName = 'storage-id';
/** Uploads that nobody has written to for this long were left by a process that died. */
const staleUploadMs = 24 * 60 * 60 * 1000;

/**
 * Blobs in a folder that all processes share: `blobs/sha256/<2 hex>/<64 hex>`. A blob appears under its name only
 * by a rename of a complete, verified and synced file, so there is no half one to clean up.
 */
export class FolderStorage extends BlobStorage {
  constructor(
    /** Absolute; made when it is missing. */
    readonly folder: string,
  ) {
    super();
  }

  async identity(): Promise<string> {
    const path = join(this.folder, identityName);
    const known = await readIfThere(path);
    if (known !== null) return known;
    const draft = await this.uploadPath();
    await writeSynced(draft, oneChunk(Buffer.from(randomUUID())));
    // `link` refuses to replace: of two processes that start at once, one makes the id and both read it.
    await link(draft, path).catch(ignore('EEXIST'));
    await rm(draft, { force: true });
    await syncDirectory(this.folder);
    return readFile(path, 'utf8');
  }

  async put(digest: Digest, bytes: AsyncIterable<Uint8Array>): Promise<number> {
    const path = this.pathOf(digest);
    const there = await this.size(digest);
    if (there !== null) return there;
    const upload = await this.uploadPath();
    try {
      const hash = createHash('sha256');
      const size = await writeSynced(upload, hashed(bytes, hash));
      if (digestOf(hash) !== digest) throw new BlobCorrupt(digest);
      await mkdir(dirname(path), { recursive: true });
      await rename(upload, path);
      await syncDirectory(dirname(path));
      return size;
    } catch (error) {
      throw asNoSpace(error);
    } finally {
      await rm(upload, { force: true });
    }
  }

  open(digest: Digest): Readable {
    const hash = createHash('sha256');
    const verified = new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        hash.update(chunk);
        done(null, chunk);
      },
      flush: (done) => done(digestOf(hash) === digest ? null : new BlobCorrupt(digest)),
    });
    // An error of either side destroys the other; readers see it on the returned stream.
    const file = createReadStream(this.pathOf(digest), { highWaterMark: 256 * 1024 });
    file.once('error', (error) => verified.destroy(asNotFound(error, digest)));
    pipeline(file, verified, () => undefined);
    return verified;
  }

  async copyTo(digest: Digest, path: string): Promise<void> {
    const blob = this.pathOf(digest);
    try {
      await link(blob, path).catch(async (error: unknown) => {
        // Another file system, or one without hard links, or a kernel that protects links to files of others.
        if (!hasCode(error, 'EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP', 'EOPNOTSUPP')) throw error;
        await copyFile(blob, path, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
      });
    } catch (error) {
      throw asNoSpace(asNotFound(error, digest));
    }
  }

  async size(digest: Digest): Promise<number | null> {
    try {
      return (await stat(this.pathOf(digest))).size;
    } catch (error) {
      ignore('ENOENT')(error);
      return null;
    }
  }

  async delete(digest: Digest): Promise<void> {
    await rm(this.pathOf(digest), { force: true });
  }

  /** Removes what processes that died in the middle of `put` have left (older than a day); gives their number. */
  async removeStaleUploads(now = Date.now()): Promise<number> {
    const folder = join(this.folder, 'uploads');
    let removed = 0;
    for (const name of await readdir(folder).catch(ignore('ENOENT', [] as string[]))) {
      const modified = await stat(join(folder, name)).catch(ignore('ENOENT', null));
      if (modified === null || now - modified.mtimeMs < staleUploadMs) continue;
      await rm(join(folder, name), { force: true });
      removed++;
    }
    return removed;
  }

  private pathOf(digest: Digest): string {
    if (!isDigest(digest)) throw new RangeError('A digest is sha256: and 64 lower-case hex digits.');
    const hex = digest.slice('sha256:'.length);
    return join(this.folder, 'blobs', 'sha256', hex.slice(0, 2), hex);
  }

  private async uploadPath(): Promise<string> {
    const folder = join(this.folder, 'uploads');
    await mkdir(folder, { recursive: true });
    return join(folder, randomUUID());
  }
}

async function writeSynced(path: string, bytes: AsyncIterable<Uint8Array>): Promise<number> {
  // Read-only from the start: hard links of it go to other places, and no one may change the bytes there.
  const file = await open(path, 'wx', 0o444);
  let size = 0;
  try {
    for await (const chunk of bytes) {
      for (let done = 0; done < chunk.length;) {
        done += (await file.write(chunk, done, chunk.length - done)).bytesWritten;
      }
      size += chunk.length;
    }
    await file.sync();
    return size;
  } finally {
    await file.close();
  }
}

async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function* hashed(bytes: AsyncIterable<Uint8Array>, hash: Hash): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    hash.update(chunk);
    yield chunk;
  }
}

function digestOf(hash: Hash): Digest {
  return `sha256:${hash.digest('hex')}`;
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, constants.O_RDONLY);
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

async function readIfThere(path: string): Promise<string | null> {
  return readFile(path, 'utf8').catch(ignore('ENOENT', null));
}

function hasCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}

/** A catch for one expected code. */
function ignore(code: string): (error: unknown) => undefined;
function ignore<T>(code: string, value: T): (error: unknown) => T;
function ignore<T>(code: string, value?: T): (error: unknown) => T | undefined {
  return (error) => {
    if (!hasCode(error, code)) throw error;
    return value;
  };
}

function asNotFound(error: unknown, digest: Digest): Error {
  if (hasCode(error, 'ENOENT')) return new BlobNotFound(digest);
  return error instanceof Error ? error : new Error(String(error));
}

function asNoSpace(error: unknown): unknown {
  if (!hasCode(error, 'ENOSPC', 'EDQUOT')) return error;
  return new BuildError(
    'no_space',
    'The image was not kept because the disk of the image storage is full: free some space or delete old images, then build again.',
    null,
    { cause: error },
  );
}
