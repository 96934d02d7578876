import { isDigest, type Digest } from './blob-storage.js';

/** One blob of an image as its parent names it. */
export type Descriptor = { readonly mediaType: string; readonly digest: Digest; readonly size: number };

/** The layout or one of its JSON blobs is not what the OCI image specification says. */
export class LayoutInvalid extends Error {
  override readonly name = 'LayoutInvalid';
  readonly code = 'layout_invalid';
}

/** The whole content of the file `oci-layout`. */
export const layoutMarker = JSON.stringify({ imageLayoutVersion: '1.0.0' });

/** Manifests and indexes are small; more than this is refused before it is read. */
export const maximumManifestBytes = 8 * 1024 * 1024;

const manifestTypes: ReadonlySet<string> = new Set([
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
]);
const indexTypes: ReadonlySet<string> = new Set([
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
]);

/** The one image of an `index.json`. Throws `LayoutInvalid` when there is none or more than one. */
export function readLayoutIndex(json: string): Descriptor {
  const manifests = readDescriptors(parse(json, 'index.json'), 'manifests', 'index.json');
  const [image, ...others] = manifests;
  if (image === undefined || others.length > 0) {
    throw new LayoutInvalid(`The layout holds ${manifests.length} images where one is expected.`);
  }
  if (!isManifest(image) && !isIndex(image)) {
    throw new LayoutInvalid(`The layout holds ${image.mediaType}, which is no image.`);
  }
  return image;
}

/** True when the blob is JSON that names other blobs. */
export function hasChildren(descriptor: Descriptor): boolean {
  return isManifest(descriptor) || isIndex(descriptor);
}

/** The blobs a manifest (configuration, layers) or an index (manifests) names. Throws `LayoutInvalid`. */
export function readChildren(parent: Descriptor, json: string): Descriptor[] {
  const document = parse(json, parent.digest);
  if (isIndex(parent)) return readDescriptors(document, 'manifests', parent.digest);
  const config = readDescriptor(document['config'], parent.digest);
  return [config, ...readDescriptors(document, 'layers', parent.digest)];
}

/** The media type a manifest or index states about itself, or what its fields say; throws `LayoutInvalid`. */
export function readMediaType(json: string, name: string): string {
  const document = parse(json, name);
  const stated = document['mediaType'];
  if (typeof stated === 'string' && (manifestTypes.has(stated) || indexTypes.has(stated))) return stated;
  if ('manifests' in document) return 'application/vnd.oci.image.index.v1+json';
  if ('config' in document) return 'application/vnd.oci.image.manifest.v1+json';
  throw new LayoutInvalid(`${name} is no image manifest and no index.`);
}

/** An `index.json` for one image, named `refName` where a name is given; the same bytes for the same input. */
export function writeLayoutIndex(image: Descriptor, refName: string | null): string {
  const annotations =
    refName === null ? {} : { annotations: { 'org.opencontainers.image.ref.name': refName } };
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: [{ mediaType: image.mediaType, digest: image.digest, size: image.size, ...annotations }],
  });
}

function isManifest(descriptor: Descriptor): boolean {
  return manifestTypes.has(descriptor.mediaType);
}

function isIndex(descriptor: Descriptor): boolean {
  return indexTypes.has(descriptor.mediaType);
}

function parse(json: string, name: string): Record<string, unknown> {
  let document: unknown;
  try {
    document = JSON.parse(json);
  } catch {
    // Expected: SyntaxError. Its message quotes the document, which is a stranger's.
    throw new LayoutInvalid(`${name} is not JSON.`);
  }
  if (!isRecord(document)) throw new LayoutInvalid(`${name} is not a JSON object.`);
  return document;
}

function readDescriptors(document: Record<string, unknown>, field: string, name: string): Descriptor[] {
  const list = document[field];
  if (!Array.isArray(list)) throw new LayoutInvalid(`${name} has no list "${field}".`);
  return list.map((entry: unknown) => readDescriptor(entry, name));
}

function readDescriptor(entry: unknown, name: string): Descriptor {
  if (isRecord(entry)) {
    const { mediaType, digest, size } = entry;
    const isSize = typeof size === 'number' && Number.isSafeInteger(size) && size >= 0;
    if (typeof mediaType === 'string' && typeof digest === 'string' && isDigest(digest) && isSize) {
      return { mediaType, digest, size };
    }
  }
  throw new LayoutInvalid(`${name} names a blob without media type, SHA-256 digest or size.`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
