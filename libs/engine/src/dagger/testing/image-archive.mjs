import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';

/** Writes what the engine exports: an OCI layout of one image in a tar, with Docker's `manifest.json` beside it. */
export async function writeImageArchive(path) {
  const layer = gzipSync(await tarOf([['hello.txt', 'hello\n']]));
  const config = json({
    architecture: 'amd64',
    os: 'linux',
    config: {},
    rootfs: { type: 'layers', diff_ids: [] },
  });
  const manifest = json({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: describe(config, 'application/vnd.oci.image.config.v1+json'),
    layers: [describe(layer, 'application/vnd.oci.image.layer.v1.tar+gzip')],
  });
  const index = {
    schemaVersion: 2,
    manifests: [describe(manifest, 'application/vnd.oci.image.manifest.v1+json')],
  };
  const blobs = [layer, config, manifest].map((blob) => [`blobs/sha256/${hash(blob)}`, blob]);
  const files = [
    ['oci-layout', json({ imageLayoutVersion: '1.0.0' })],
    ...blobs,
    ['manifest.json', json([{ Config: `blobs/sha256/${hash(config)}` }])],
    ['index.json', json(index)],
  ];
  const archive = pack();
  for (const [name, content] of files) archive.entry({ name, mode: 0o600 }, content);
  archive.finalize();
  await pipeline(archive, createWriteStream(path, { mode: 0o600 }));
}

async function tarOf(files) {
  const archive = pack();
  for (const [name, content] of files) archive.entry({ name, mtime: new Date(0) }, content);
  archive.finalize();
  const chunks = [];
  for await (const chunk of archive) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function json(value) {
  return Buffer.from(JSON.stringify(value));
}

function hash(bytes) {
  return createHash('sha256').update(bytes).digest('hex');
}

function describe(bytes, mediaType) {
  return { mediaType, digest: `sha256:${hash(bytes)}`, size: bytes.length };
}
