import { makeTinyLayout, skopeoDigest, temporaryDirectory, type TemporaryDirectory } from '@nohands/testing';
import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { extract } from 'tar-stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BlobNotFound } from './blob-storage.js';
import { FolderStorage } from './folder-storage.js';
import { findKeptLayout, keepLayout, restoreLayout } from './kept-layout.js';
import { openLayoutArchive } from './layout-archive.js';

describe('a kept image', () => {
  let folder: TemporaryDirectory;
  let storage: FolderStorage;
  let layout: string;
  beforeEach(async () => {
    folder = await temporaryDirectory();
    storage = new FolderStorage(join(folder.path, 'storage'));
    layout = join(folder.path, 'layout');
  });
  afterEach(() => folder.remove());

  async function archiveEntries(digest: string): Promise<string[]> {
    const entries = extract();
    openLayoutArchive(storage, digest).pipe(entries as unknown as NodeJS.WritableStream);
    const names: string[] = [];
    for await (const entry of entries) {
      names.push(entry.header.name);
      entry.resume();
    }
    return names;
  }

  it('is named by its manifest and counted blob by blob', async () => {
    const image = await makeTinyLayout(layout);
    const kept = await keepLayout(storage, layout);
    expect(kept.digest).toBe(image.digest);
    expect(kept.digest).toBe(await skopeoDigest(`oci:${layout}`));
    expect(kept.size).toBe(image.size);
    expect(kept.blobs).toHaveLength(3);
    expect(kept.blobs.at(-1)!.digest).toBe(image.digest);
    expect(await findKeptLayout(storage, image.digest)).toEqual(kept);
    expect(await keepLayout(storage, layout)).toEqual(kept);
  });

  it('may have several platforms, each blob once', async () => {
    const image = await makeTinyLayout(layout, { architectures: ['amd64', 'arm64'] });
    const kept = await keepLayout(storage, layout);
    expect(kept).toMatchObject({ digest: image.digest, size: image.size });
    expect(kept.mediaType).toBe('application/vnd.oci.image.index.v1+json');
    expect(kept.blobs.map((blob) => blob.digest).sort()).toEqual([...image.digests].sort());
    expect(await archiveEntries(image.digest)).toHaveLength(4 + 6);
  });

  it('comes back as a layout with the same digest', async () => {
    const { digest } = await makeTinyLayout(layout);
    const kept = await keepLayout(storage, layout);
    const restored = join(folder.path, 'restored');
    expect(await restoreLayout(storage, digest, restored)).toEqual(kept);
    expect(await skopeoDigest(`oci:${restored}`)).toBe(digest);
  });

  it('is downloaded as an archive that skopeo reads, with the same bytes each time', async () => {
    const { digest } = await makeTinyLayout(layout, { content: randomBytes(3_000_000) });
    await keepLayout(storage, layout);
    const file = join(folder.path, 'image.tar');
    await pipeline(openLayoutArchive(storage, digest, 'registry.example.org/app:1'), createWriteStream(file));
    expect(await skopeoDigest(`oci-archive:${file}`)).toBe(digest);
    expect(await readFile(file, 'latin1')).toContain(
      '"org.opencontainers.image.ref.name":"registry.example.org/app:1"',
    );
    const again = await buffer(openLayoutArchive(storage, digest, 'registry.example.org/app:1'));
    expect(again.equals(await readFile(file))).toBe(true);
  });

  it('is not read further than the reader of its archive wants', async () => {
    const { digest, size } = await makeTinyLayout(layout, { content: randomBytes(20_000_000) });
    await keepLayout(storage, layout);
    const archive = openLayoutArchive(storage, digest);
    const chunks = archive[Symbol.asyncIterator]();
    let read = 0;
    while (read < 100_000) read += ((await chunks.next()).value as Buffer).length;
    expect(read + archive.readableLength).toBeLessThan(size / 5);
    archive.destroy();
    expect(await chunks.next().catch(() => ({ done: true }))).toMatchObject({ done: true });
  });

  it('is given up at an abort, in the middle of a layer too, without a trace', async () => {
    await makeTinyLayout(layout, { content: randomBytes(30_000_000) });
    const abort = new AbortController();
    const reason = new Error('cancelled by the user');
    class Watched extends FolderStorage {
      override put(digest: string, bytes: AsyncIterable<Uint8Array>): Promise<number> {
        return super.put(digest, this.watch(bytes));
      }
      private async *watch(bytes: AsyncIterable<Uint8Array>) {
        for await (const chunk of bytes) {
          if (chunk.length > 100_000) abort.abort(reason);
          yield chunk;
        }
      }
    }
    await expect(keepLayout(new Watched(storage.folder), layout, abort.signal)).rejects.toBe(reason);
    expect(await readdir(join(storage.folder, 'uploads'))).toEqual([]);
    await expect(keepLayout(storage, layout, AbortSignal.abort(reason))).rejects.toBe(reason);
  });

  it('fails loudly when a blob is gone', async () => {
    const { digest, digests } = await makeTinyLayout(layout);
    await keepLayout(storage, layout);
    await storage.delete(digests[0]!);
    await expect(buffer(openLayoutArchive(storage, digest))).rejects.toBeInstanceOf(BlobNotFound);
    await expect(buffer(openLayoutArchive(storage, `sha256:${'0'.repeat(64)}`))).rejects.toBeInstanceOf(
      BlobNotFound,
    );
  });

  it('is refused when the layout is not valid, and its manifest is then not kept', async () => {
    const { digest, digests } = await makeTinyLayout(layout);
    const layer = join(layout, 'blobs/sha256', digests[0]!.slice(7));
    const refused = expect.objectContaining({ code: 'engine_failed' }) as Error;
    const bytes = await readFile(layer);
    bytes[bytes.length - 1]! ^= 1;
    await writeFile(layer, bytes);
    await expect(keepLayout(storage, layout)).rejects.toEqual(refused);
    await writeFile(layer, 'short');
    await expect(keepLayout(storage, layout)).rejects.toEqual(refused);
    await rm(layer);
    await expect(keepLayout(storage, layout)).rejects.toEqual(refused);
    await symlink('/etc/passwd', layer);
    await expect(keepLayout(storage, layout)).rejects.toEqual(refused);
    await writeFile(join(layout, 'index.json'), '{"manifests": []}');
    await expect(keepLayout(storage, layout)).rejects.toEqual(refused);
    expect(await storage.has(digest)).toBe(false);
    expect(await readdir(join(storage.folder, 'uploads'))).toEqual([]);
  });
});
