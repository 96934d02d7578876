import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type TemporaryDirectory = AsyncDisposable & {
  /** Absolute; empty at first. */
  readonly path: string;
  /** Removes it with all it holds; safe to repeat. */
  remove(): Promise<void>;
};

/** A directory of this test's own: `await using folder = await temporaryDirectory()`, or `remove()` in a hook. */
export async function temporaryDirectory(): Promise<TemporaryDirectory> {
  const path = await mkdtemp(join(tmpdir(), 'nohands-test-'));
  const remove = () => rm(path, { recursive: true, force: true });
  return { path, remove, [Symbol.asyncDispose]: remove };
}
