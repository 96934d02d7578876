import { BuildError } from '@nohands/domain';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { digestReference, imageReference } from '@nohands/domain';
import type { RegistryAccess } from './registry-access.js';
import { Skopeo } from './skopeo.js';

export type PushRequest = RegistryAccess & {
  /** Absolute; an OCI layout with one image. */
  readonly layoutDirectory: string;
  /** Inside the registry's path. */
  readonly imageName: string;
  readonly tags: readonly string[];
};

export type PushedImage = {
  readonly digest: string;
  /** `host/path/name@sha256:...`: what was pushed, whatever happens to the tags. */
  readonly reference: string;
  /** Each tag as read back: a digest other than ours means that somebody has moved it since. */
  readonly tags: readonly { readonly reference: string; readonly digest: string | null }[];
};

/**
 * Pushes the image of a layout unchanged: asks the registry, pushes by digest, then sets the tags and reads them
 * back. Safe to repeat: what is there is not sent again. Rejects with `BuildError` `push_denied`, `push_rejected`,
 * `registry_unreachable` or `push_unavailable`, and with the reason of the abort.
 */
export function pushLayout(request: PushRequest): Promise<PushedImage> {
  return Skopeo.with(request, async (skopeo) => {
    const digest = await layoutDigest(request.layoutDirectory);
    const reference = digestReference(request.registry, request.imageName, digest);
    const tagReferences = request.tags.map((tag) => imageReference(request.registry, request.imageName, tag));
    if ((await readDigest(skopeo, reference).catch(unlessDenied)) === null) {
      await skopeo.copy(request.layoutDirectory, reference);
      if ((await readDigest(skopeo, reference)) !== digest) throw notReadBack(request.registry.host);
    }
    const tags = [];
    for (const tag of tagReferences) {
      if ((await readDigest(skopeo, tag)) !== digest) await skopeo.copy(request.layoutDirectory, tag);
      tags.push({ reference: tag, digest: await readDigest(skopeo, tag) });
    }
    return { digest, reference, tags };
  });
}

/**
 * The digest a registry has under a reference (`host/name:tag` or `@sha256:...`), or null for none. Rejects as
 * `pushLayout` does.
 */
export function inspectReference(access: RegistryAccess, reference: string): Promise<string | null> {
  return Skopeo.with(access, (skopeo) => readDigest(skopeo, reference));
}

async function readDigest(skopeo: Skopeo, reference: string): Promise<string | null> {
  const manifest = await skopeo.readManifest(reference);
  return manifest === null ? null : `sha256:${createHash('sha256').update(manifest).digest('hex')}`;
}

/** Some registries deny the look at a repository that is not there yet; whether we may push, the push will tell. */
function unlessDenied(error: unknown): null {
  if (error instanceof BuildError && error.code === 'push_denied') return null;
  throw error;
}

async function layoutDigest(layoutDirectory: string): Promise<string> {
  const index: unknown = JSON.parse(await readFile(join(layoutDirectory, 'index.json'), 'utf8'));
  const { manifests } = index as { manifests?: readonly { digest?: unknown }[] };
  const digest = manifests?.[0]?.digest;
  if (manifests?.length === 1 && typeof digest === 'string') return digest;
  throw new BuildError(
    'engine_failed',
    'The image was not pushed because its OCI layout does not hold exactly one image: build again.',
  );
}

function notReadBack(host: string): BuildError {
  return new BuildError(
    'push_rejected',
    `The push failed because ${host} took the image but does not give it back: check its storage and this account's right to pull. The image is kept.`,
  );
}
