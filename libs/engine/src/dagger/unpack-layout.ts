import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { extract } from 'tar-stream';

/** What an OCI layout consists of; anything else in the archive (Docker's `manifest.json`) is left out. */
const parts = /^(?:\.\/)?(oci-layout|index\.json|blobs\/sha256\/[0-9a-f]{64})$/;

/** Unpacks the files of an OCI layout, and only those, from an archive into a directory that must not exist yet. */
export async function unpackLayout(archive: string, directory: string): Promise<void> {
  await mkdir(dirname(directory), { recursive: true });
  await mkdir(directory);
  await mkdir(join(directory, 'blobs', 'sha256'), { recursive: true });
  const entries = extract();
  const reading = pipeline(createReadStream(archive), entries);
  for await (const entry of entries) {
    const part = parts.exec(entry.header.name)?.[1];
    if (part === undefined || entry.header.type !== 'file') entry.resume();
    else await pipeline(entry, createWriteStream(join(directory, part), { flags: 'wx' }));
  }
  await reading;
}
