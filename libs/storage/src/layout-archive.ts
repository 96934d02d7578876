import { PassThrough, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { pack, type Pack } from 'tar-stream';
import type { BlobStorage, Digest } from './blob-storage.js';
import { findKeptLayout, type KeptLayout } from './kept-layout.js';
import { layoutMarker, writeLayoutIndex } from './oci-layout.js';

/** Nothing of the machine or the hour: the same image gives the same bytes. */
const plainEntry = { uid: 0, gid: 0, uname: '', gname: '', mtime: new Date(0) };

/**
 * An image as an OCI archive (`oci-archive:` of skopeo, `docker load` of newer Docker): a tar that is made while it
 * is read and never held in memory. `refName` is the name inside. The stream fails with `BlobNotFound`,
 * `BlobCorrupt` or `LayoutInvalid`; destroying it stops the reading.
 */
export function openLayoutArchive(
  storage: BlobStorage,
  digest: Digest,
  refName: string | null = null,
): Readable {
  const archive = new PassThrough({ highWaterMark: 256 * 1024 });
  const tar = pack();
  // Both ways: a reader that goes away ends the tar, an error of the tar ends the reader.
  pipeline(tar as unknown as NodeJS.ReadableStream, archive).catch(() => undefined);
  fillArchive(tar, storage, { digest, refName }).catch((error: unknown) => archive.destroy(error as Error));
  return archive;
}

async function fillArchive(
  tar: Pack,
  storage: BlobStorage,
  image: { digest: Digest; refName: string | null },
): Promise<void> {
  const kept = await findKeptLayout(storage, image.digest);
  addText(tar, 'oci-layout', layoutMarker);
  addText(tar, 'index.json', writeLayoutIndex(kept.blobs.at(-1)!, image.refName));
  for (const name of ['blobs/', 'blobs/sha256/'])
    tar.entry({ ...plainEntry, name, type: 'directory', mode: 0o755 });
  await addBlobs(tar, storage, kept);
  tar.finalize();
}

async function addBlobs(tar: Pack, storage: BlobStorage, kept: KeptLayout): Promise<void> {
  for (const blob of kept.blobs) {
    const name = `blobs/${blob.digest.replace(':', '/')}`;
    const entry = tar.entry({ ...plainEntry, name, size: blob.size, mode: 0o644 });
    await pipeline(storage.open(blob.digest), entry as unknown as NodeJS.WritableStream);
  }
}

function addText(tar: Pack, name: string, text: string): void {
  tar.entry({ ...plainEntry, name, mode: 0o644 }, text);
}
