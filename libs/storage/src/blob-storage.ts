import type { Readable } from 'node:stream';

/** `sha256:` and 64 lower-case hex digits: the only name a blob has. */
export type Digest = string;

const digestGrammar = /^sha256:[0-9a-f]{64}$/;

/** True for `sha256:<64 hex>`; everything else is refused before it becomes a path. */
export function isDigest(text: string): text is Digest {
  return digestGrammar.test(text);
}

/** The blob is not in the storage. */
export class BlobNotFound extends Error {
  override readonly name = 'BlobNotFound';
  readonly code = 'blob_not_found';

  constructor(readonly digest: Digest) {
    super(`The storage does not hold ${digest}.`);
  }
}

/** The bytes are not those the digest names: nothing was stored, or what was read must not be used. */
export class BlobCorrupt extends Error {
  override readonly name = 'BlobCorrupt';
  readonly code = 'blob_corrupt';

  constructor(readonly digest: Digest) {
    super(`The bytes of ${digest} do not have that digest.`);
  }
}

/** The port of every storage (type and injection token in one): immutable blobs named by their SHA-256. */
export abstract class BlobStorage {
  /** A random id made with the storage: two processes with the same id see the same blobs. */
  abstract identity(): Promise<string>;

  /**
   * Stores the bytes and gives their number; a blob that is there already is left as it is (and `bytes` unread).
   * All or nothing, also when the process dies. Rejects with `BlobCorrupt` when the bytes do not have that digest
   * and with `BuildError` `no_space`.
   */
  abstract put(digest: Digest, bytes: AsyncIterable<Uint8Array>): Promise<number>;

  /** The bytes, checked while they are read: the stream fails with `BlobNotFound` or, at its end, `BlobCorrupt`. */
  abstract open(digest: Digest): Readable;

  /** Makes a read-only file with the bytes; it may share them with the storage. Rejects with `BlobNotFound`. */
  abstract copyTo(digest: Digest, path: string): Promise<void>;

  /** Number of bytes, or null when the blob is not there. */
  abstract size(digest: Digest): Promise<number | null>;

  /** True when the blob is there. */
  async has(digest: Digest): Promise<boolean> {
    return (await this.size(digest)) !== null;
  }

  /** Removes the blob; one that is not there is no error. */
  abstract delete(digest: Digest): Promise<void>;
}
