import { BuildError } from '@nohands/domain';
import { constants } from 'node:fs';
import { mkdir, open, writeFile, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { BlobStorage, Digest } from './blob-storage.js';
import { BlobCorrupt, BlobNotFound } from './blob-storage.js';
import { walkImage } from './image-walk.js';
import {
  LayoutInvalid,
  layoutMarker,
  maximumManifestBytes,
  readLayoutIndex,
  readMediaType,
  writeLayoutIndex,
  type Descriptor,
} from './oci-layout.js';

/** An image in the storage. */
export type KeptLayout = {
  /** Of the manifest, or of the index when the image has several platforms. */
  readonly digest: Digest;
  readonly mediaType: string;
  /** Manifest(s), configuration(s) and compressed layers, each blob once, in bytes. */
  readonly size: number;
  /** What is named before what names it; the manifest or index is the last. */
  readonly blobs: readonly Descriptor[];
};

/**
 * Stores the image of an OCI layout, the manifest last: a digest that is in the storage can be used. Safe to repeat.
 * Rejects with `BuildError` (`engine_failed` for a layout that is not valid, `no_space`) or the reason of the abort.
 */
export async function keepLayout(
  storage: BlobStorage,
  layoutDirectory: string,
  signal?: AbortSignal,
): Promise<KeptLayout> {
  try {
    const image = readLayoutIndex(await readSmallFile(join(layoutDirectory, 'index.json')));
    const blobs = await walkImage(image, (descriptor) =>
      readSmallFile(blobPath(layoutDirectory, descriptor)),
    );
    for (const blob of blobs)
      await keepBlob(storage, { blob, path: blobPath(layoutDirectory, blob), signal });
    return toKept(image, blobs);
  } catch (error) {
    signal?.throwIfAborted();
    throw asEngineFailure(error);
  }
}

/** What is kept under a digest. Rejects with `BlobNotFound`, `BlobCorrupt` or `LayoutInvalid`. */
export async function findKeptLayout(storage: BlobStorage, digest: Digest): Promise<KeptLayout> {
  const size = await storage.size(digest);
  if (size === null) throw new BlobNotFound(digest);
  if (size > maximumManifestBytes) throw new LayoutInvalid(`${digest} is too large for a manifest.`);
  const read = (descriptor: Descriptor) => readSmallBlob(storage, descriptor.digest);
  const mediaType = readMediaType(await readSmallBlob(storage, digest), digest);
  const image = { mediaType, digest, size };
  return toKept(image, await walkImage(image, read));
}

/**
 * Makes an OCI layout out of what is kept, its files read-only and perhaps shared with the storage; `index.json`
 * comes last. `directory` must not exist. Rejects with `BlobNotFound`, `LayoutInvalid` or `BuildError` `no_space`.
 */
export async function restoreLayout(
  storage: BlobStorage,
  digest: Digest,
  directory: string,
): Promise<KeptLayout> {
  const kept = await findKeptLayout(storage, digest);
  await mkdir(directory);
  await mkdir(join(directory, 'blobs', 'sha256'), { recursive: true });
  await writeFile(join(directory, 'oci-layout'), layoutMarker);
  for (const blob of kept.blobs) await storage.copyTo(blob.digest, blobPath(directory, blob));
  await writeFile(join(directory, 'index.json'), writeLayoutIndex(kept.blobs.at(-1)!, null));
  return kept;
}

function toKept(image: Descriptor, blobs: readonly Descriptor[]): KeptLayout {
  const size = blobs.reduce((sum, blob) => sum + blob.size, 0);
  return { digest: image.digest, mediaType: image.mediaType, size, blobs };
}

type BlobFile = {
  readonly blob: Descriptor;
  readonly path: string;
  readonly signal: AbortSignal | undefined;
};

async function keepBlob(storage: BlobStorage, { blob, path, signal }: BlobFile): Promise<void> {
  signal?.throwIfAborted();
  await using file = await openPlain(path);
  const { size } = await file.stat();
  if (size !== blob.size)
    throw new LayoutInvalid(`${blob.digest} has ${size} bytes instead of ${blob.size}.`);
  if (await storage.has(blob.digest)) return;
  const bytes = file.createReadStream({ autoClose: false, highWaterMark: 1024 * 1024, signal });
  try {
    await storage.put(blob.digest, bytes);
  } finally {
    bytes.destroy();
  }
}

function blobPath(layoutDirectory: string, blob: Descriptor): string {
  return join(layoutDirectory, 'blobs', 'sha256', blob.digest.slice('sha256:'.length));
}

/** A layout is data: a link in it could lead to any file of the machine. */
async function openPlain(path: string): Promise<FileHandle> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw new LayoutInvalid('The layout holds something that is not a file.');
}

async function readSmallFile(path: string): Promise<string> {
  await using file = await openPlain(path);
  if ((await file.stat()).size > maximumManifestBytes) throw new LayoutInvalid('A manifest is too large.');
  return file.readFile('utf8');
}

async function readSmallBlob(storage: BlobStorage, digest: Digest): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of storage.open(digest) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maximumManifestBytes) throw new LayoutInvalid(`${digest} is too large for a manifest.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** What is wrong with a layout is the engine's fault: ENOENT and ELOOP are missing and linked files of it. */
function asEngineFailure(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  const isBroken = error instanceof LayoutInvalid || error instanceof BlobCorrupt;
  if (!isBroken && code !== 'ENOENT' && code !== 'ELOOP') return error;
  const why = isBroken ? error.message : 'A file of it is missing.';
  return new BuildError(
    'engine_failed',
    'The engine left an image that cannot be kept because its OCI layout is not valid: build again, and report it when it happens twice.',
    why,
    { cause: error },
  );
}
