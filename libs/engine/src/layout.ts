import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { BuiltImage } from './build-engine.js';

/** The directory is not a complete, self-consistent OCI layout of one image. */
export class InvalidLayout extends Error {
  override readonly name = 'InvalidLayout';
  readonly code = 'invalid_layout';
}

type Descriptor = { readonly mediaType: string; readonly digest: string; readonly size: number };

const metadataLimit = 8 * 1024 * 1024;
const digestForm = /^sha256:[0-9a-f]{64}$/;
const indexTypes: ReadonlySet<string> = new Set([
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
]);

/**
 * Reads an OCI layout of exactly one image (or one index): `digest` is that of the manifest or index, `size` counts
 * every blob reachable from it once, in bytes. Checks the SHA-256 of manifests and configurations and the size of
 * every blob, and that all are plain files. Throws `InvalidLayout`.
 */
export async function describeLayout(directory: string): Promise<BuiltImage> {
  const marker = parseJson(await readPlainFile(join(directory, 'oci-layout'), metadataLimit), 'oci-layout');
  if (!isRecord(marker) || marker['imageLayoutVersion'] !== '1.0.0')
    throw new InvalidLayout('oci-layout is not 1.0.0.');
  const index = parseJson(await readPlainFile(join(directory, 'index.json'), metadataLimit), 'index.json');
  const [root, ...others] = readDescriptors(index, 'manifests');
  if (root === undefined || others.length > 0)
    throw new InvalidLayout('index.json does not name exactly one image.');
  const blobs = new Map<string, number>();
  await visit(directory, root, blobs);
  const size = [...blobs.values()].reduce((sum, bytes) => sum + bytes, 0);
  return { digest: root.digest, size, layoutDirectory: directory };
}

async function visit(directory: string, descriptor: Descriptor, blobs: Map<string, number>): Promise<void> {
  const document = parseJson(await readBlob(directory, descriptor), descriptor.digest);
  blobs.set(descriptor.digest, descriptor.size);
  if (indexTypes.has(descriptor.mediaType)) {
    for (const child of readDescriptors(document, 'manifests')) await visit(directory, child, blobs);
    return;
  }
  const config = toDescriptor(isRecord(document) ? document['config'] : undefined);
  await readBlob(directory, config);
  blobs.set(config.digest, config.size);
  for (const layer of readDescriptors(document, 'layers')) {
    const actual = await sizeOfPlainFile(blobPath(directory, layer.digest));
    if (actual !== layer.size)
      throw new InvalidLayout(`The layer ${layer.digest} is ${actual} bytes, not ${layer.size}.`);
    blobs.set(layer.digest, layer.size);
  }
}

async function readBlob(directory: string, descriptor: Descriptor): Promise<Buffer> {
  const bytes = await readPlainFile(blobPath(directory, descriptor.digest), metadataLimit);
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  if (digest !== descriptor.digest || bytes.length !== descriptor.size) {
    throw new InvalidLayout(`The blob ${descriptor.digest} does not hold what its name says.`);
  }
  return bytes;
}

function blobPath(directory: string, digest: string): string {
  return join(directory, 'blobs', 'sha256', digest.slice('sha256:'.length));
}

/** Opened without following a link: who wrote the layout must not choose which file of the host is read. */
async function openPlainFile(path: string) {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    (error: NodeJS.ErrnoException) => {
      throw new InvalidLayout(`A file of the layout cannot be read (${error.code ?? 'unknown'}).`, {
        cause: error,
      });
    },
  );
  const stat = await file.stat();
  if (stat.isFile()) return { file, size: stat.size };
  await file.close();
  throw new InvalidLayout('A part of the layout is not a plain file.');
}

async function readPlainFile(path: string, limit: number): Promise<Buffer> {
  const { file, size } = await openPlainFile(path);
  try {
    if (size > limit) throw new InvalidLayout('A document of the layout is larger than 8 MiB.');
    return await file.readFile();
  } finally {
    await file.close();
  }
}

async function sizeOfPlainFile(path: string): Promise<number> {
  const { file, size } = await openPlainFile(path);
  await file.close();
  return size;
}

function parseJson(bytes: Buffer, what: string): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw new InvalidLayout(`${what} is not JSON.`, { cause: error });
  }
}

function readDescriptors(document: unknown, field: 'manifests' | 'layers'): Descriptor[] {
  const list = isRecord(document) ? document[field] : undefined;
  if (!Array.isArray(list)) throw new InvalidLayout(`A document of the layout has no list of ${field}.`);
  return list.map(toDescriptor);
}

function toDescriptor(value: unknown): Descriptor {
  if (isRecord(value)) {
    const { mediaType, digest, size } = value;
    if (typeof digest === 'string' && digestForm.test(digest) && Number.isSafeInteger(size)) {
      return { mediaType: typeof mediaType === 'string' ? mediaType : '', digest, size: Number(size) };
    }
  }
  throw new InvalidLayout('A descriptor of the layout is malformed.');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
