import {
  hasChildren,
  LayoutInvalid,
  maximumManifestBytes,
  readChildren,
  type Descriptor,
} from './oci-layout.js';

/** Reads the text of a manifest or index. */
export type ReadManifest = (descriptor: Descriptor) => Promise<string>;

/** An index may hold indexes; nobody nests deeper than this. */
const deepestIndex = 4;
/** Far more than an image has; a limit so that a hostile layout ends. */
const mostBlobs = 20_000;

/**
 * Every blob of an image once, what is named before what names it: stored in this order, a manifest that is there
 * has all it needs there. Throws `LayoutInvalid`.
 */
export async function walkImage(image: Descriptor, read: ReadManifest): Promise<Descriptor[]> {
  const found = new Map<string, Descriptor>();
  const visit = async (descriptor: Descriptor, depth: number): Promise<void> => {
    if (found.has(descriptor.digest)) return;
    if (hasChildren(descriptor)) {
      if (depth > deepestIndex) throw new LayoutInvalid('The image has indexes in indexes in indexes.');
      if (descriptor.size > maximumManifestBytes)
        throw new LayoutInvalid(`${descriptor.digest} is too large.`);
      for (const child of readChildren(descriptor, await read(descriptor))) await visit(child, depth + 1);
    }
    if (found.size >= mostBlobs) throw new LayoutInvalid(`The image has more than ${mostBlobs} blobs.`);
    found.set(descriptor.digest, descriptor);
  };
  await visit(image, 0);
  return [...found.values()];
}
