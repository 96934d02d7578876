import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { pack } from 'tar-stream';
import { manifestPath, type BackupEntry, type Manifest } from './manifest.ts';

/** Writes a tar file entry by entry and remembers what is in it. */
export class BackupWriter {
  readonly entries: BackupEntry[] = [];
  readonly #pack = pack();
  readonly #written: Promise<void>;

  constructor(path: string) {
    this.#written = pipeline(this.#pack, createWriteStream(path, { mode: 0o600, flush: true }));
    // Its failure is met by whoever writes next, and by `finish`.
    this.#written.catch(() => undefined);
  }

  async add(path: string, bytes: Buffer): Promise<void> {
    await this.addStream(path, bytes.length, Readable.from([bytes]));
  }

  /** `bytes` long; the stream is read to its end before this resolves. */
  async addStream(path: string, bytes: number, content: Readable): Promise<void> {
    const hash = createHash('sha256');
    const hashing = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        hash.update(chunk);
        done(null, chunk);
      },
    });
    await this.#write(path, bytes, content, hashing);
    this.entries.push({ path, bytes, sha256: hash.digest('hex') });
  }

  async finish(manifest: Omit<Manifest, 'entries'>): Promise<void> {
    const text = Buffer.from(`${JSON.stringify({ ...manifest, entries: this.entries }, null, 1)}\n`);
    await this.#write(manifestPath, text.length, Readable.from([text]));
    this.#pack.finalize();
    await this.#written;
  }

  abandon(): void {
    this.#pack.destroy();
  }

  async #write(name: string, size: number, content: Readable, ...through: Transform[]): Promise<void> {
    const entry = this.#pack.entry({ name, size, mode: 0o600 });
    const isDone = pipeline([content, ...through, entry as unknown as NodeJS.WritableStream]);
    await Promise.race([
      isDone,
      this.#written.then(() => Promise.reject(new Error('the file was closed early'))),
    ]);
  }
}

/** Cuts a stream into buffers of about `bytes`. */
export async function* inParts(stream: AsyncIterable<Buffer>, bytes: number): AsyncGenerator<Buffer> {
  let held: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    held.push(chunk);
    size += chunk.length;
    if (size < bytes) continue;
    yield Buffer.concat(held);
    held = [];
    size = 0;
  }
  if (size > 0) yield Buffer.concat(held);
}
