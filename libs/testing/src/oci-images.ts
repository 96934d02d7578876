import { baseEnvironment, runProgram } from '@nohands/process';
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';

type Descriptor = { readonly mediaType: string; readonly digest: string; readonly size: number };

export type TinyImage = {
  /** Of the manifest, or of the index of a multi-platform image. */
  readonly digest: string;
  /** Index, manifests, configurations and layers, each blob once. */
  readonly size: number;
  readonly digests: readonly string[];
};

export type TinyImageOptions = {
  /** What the file `/hello` in the image says: another text gives another image. */
  readonly text?: string;
  /** The file as bytes, for a large layer. */
  readonly content?: Uint8Array;
  /** More than one gives an index. */
  readonly architectures?: readonly string[];
};

/** Writes a valid OCI layout of a small image into `directory` (made when missing), without any engine. */
export async function makeTinyLayout(directory: string, options: TinyImageOptions = {}): Promise<TinyImage> {
  const { text = 'hello\n', content = Buffer.from(text), architectures = ['amd64'] } = options;
  const layout = new LayoutWriter(directory);
  await mkdir(join(directory, 'blobs', 'sha256'), { recursive: true });
  const layer = await tarOf('hello', content);
  const manifests = await Promise.all(architectures.map((name) => layout.addImage(layer, name)));
  const top = manifests.length === 1 ? manifests[0]! : await layout.addIndex(manifests, architectures);
  await writeFile(join(directory, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
  await writeFile(join(directory, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [top] }));
  const sizes = [...layout.blobs.values()];
  return {
    digest: top.digest,
    size: sizes.reduce((sum, size) => sum + size, 0),
    digests: [...layout.blobs.keys()],
  };
}

class LayoutWriter {
  readonly blobs = new Map<string, number>();

  constructor(private readonly directory: string) {}

  async addImage(tar: Uint8Array, architecture: string): Promise<Descriptor> {
    const layer = await this.add('application/vnd.oci.image.layer.v1.tar+gzip', gzipSync(tar));
    const config = await this.addJson('application/vnd.oci.image.config.v1+json', {
      architecture,
      os: 'linux',
      config: { Cmd: ['/hello'] },
      rootfs: { type: 'layers', diff_ids: [digestOf(tar)] },
    });
    const mediaType = 'application/vnd.oci.image.manifest.v1+json';
    return this.addJson(mediaType, { schemaVersion: 2, mediaType, config, layers: [layer] });
  }

  addIndex(manifests: readonly Descriptor[], architectures: readonly string[]): Promise<Descriptor> {
    const mediaType = 'application/vnd.oci.image.index.v1+json';
    const entries = manifests.map((manifest, at) => {
      return { ...manifest, platform: { os: 'linux', architecture: architectures[at] } };
    });
    return this.addJson(mediaType, { schemaVersion: 2, mediaType, manifests: entries });
  }

  private addJson(mediaType: string, document: unknown): Promise<Descriptor> {
    return this.add(mediaType, Buffer.from(JSON.stringify(document)));
  }

  private async add(mediaType: string, bytes: Uint8Array): Promise<Descriptor> {
    const digest = digestOf(bytes);
    await writeFile(join(this.directory, 'blobs', 'sha256', digest.slice('sha256:'.length)), bytes);
    this.blobs.set(digest, bytes.length);
    return { mediaType, digest, size: bytes.length };
  }
}

async function tarOf(name: string, content: Uint8Array): Promise<Uint8Array> {
  const tar = pack();
  tar.entry({ name, mode: 0o755, mtime: new Date(0) }, content);
  tar.finalize();
  return buffer(tar);
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/**
 * The digest skopeo sees at `oci:<folder>`, `oci-archive:<file>` or `docker://<reference>` (plain HTTP): a judge that
 * shares no code with us. `credentials` are `user:password`.
 */
export async function skopeoDigest(image: string, credentials: string | null = null): Promise<string> {
  const access = image.startsWith('docker:') ? ['--tls-verify=false'] : [];
  if (credentials !== null) access.push('--creds', credentials);
  const args = ['inspect', ...access, '--format', '{{.Digest}}', image];
  const result = await runProgram({ command: 'skopeo', args, environment: baseEnvironment() });
  if (result.exitCode !== 0) throw new Error(`skopeo cannot read ${image}: ${result.stderr}`);
  return result.stdout.toString().trim();
}
