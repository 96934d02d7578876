import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { BuildError } from '@nohands/domain';
import { extract } from 'tar-stream';
import type { BuiltImage } from '../build-engine.js';
import { InvalidLayout, describeLayout } from '../layout.js';

/** What an OCI layout consists of; anything else in the archive (Docker's `manifest.json`) is left out. */
const parts = /^(?:\.\/)?(oci-layout|index\.json|blobs\/sha256\/[0-9a-f]{64})$/;

/**
 * Unpacks the OCI layout that the engine exported into a directory that must not exist yet, unchanged. Rejects with
 * `BuildError` (`no_space`, `engine_failed`); nothing of the directory is left then.
 */
export async function takeImage(archive: string, directory: string): Promise<BuiltImage> {
  await mkdir(dirname(directory), { recursive: true });
  await mkdir(directory);
  try {
    await unpack(archive, directory);
    return await describeLayout(directory);
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw toBuildError(error);
  }
}

async function unpack(archive: string, directory: string): Promise<void> {
  await mkdir(join(directory, 'blobs', 'sha256'), { recursive: true });
  const entries = extract();
  const reading = pipeline(createReadStream(archive), entries);
  // Heard here too: a broken archive fails the loop first, and this promise must not fail unheard.
  reading.catch(() => undefined);
  for await (const entry of entries) {
    const part = parts.exec(entry.header.name)?.[1];
    if (part === undefined || entry.header.type !== 'file') entry.resume();
    else await pipeline(entry, createWriteStream(join(directory, part), { flags: 'wx' }));
  }
  await reading;
}

function toBuildError(error: unknown): unknown {
  if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') {
    return new BuildError(
      'no_space',
      'The image does not fit on the disk of the worker. Free some space, then build again.',
    );
  }
  if (!(error instanceof InvalidLayout)) return error;
  return new BuildError(
    'engine_failed',
    `The Dagger engine exported no whole image: ${error.message} Build again.`,
  );
}
