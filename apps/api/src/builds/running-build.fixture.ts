import { encodeChunk, encodeOmission, type KeptImage } from '@nohands/database';
import { system, type CutLine } from '@nohands/domain';
import { createHash } from 'node:crypto';
import type { Person, TestServer } from '../server.fixture.js';

const worker = system('worker');

/** A running build, claimed as a worker claims it; its log grows by `append`, and it ends by `finish`; for specs only. */
export async function startTestBuild(
  server: TestServer,
  actor: Person,
  place: { repositoryId: number; commitId: number; sha: string },
) {
  await server.builds.trigger(actor.principal, {
    repositoryId: place.repositoryId,
    commitId: place.commitId,
    ref: null,
    branchName: 'main',
    pushToRegistry: false,
    timeoutSeconds: 60,
    imageTag: `image:${place.sha}`,
  });
  const claimed = await server.claims.claimNext(worker, 'worker-1', 'fake');
  if (!claimed) throw new Error('There was nothing to claim.');
  const { id: buildId, attempt } = claimed;
  let next = 1;
  const store = async (chunk: ReturnType<typeof encodeChunk>) => {
    const taken = await server.logs.append(worker, [
      { buildId, attempt, expectedLine: next, chunks: [chunk] },
    ]);
    if (!taken.has(buildId)) throw new Error('The append was refused.');
    next = chunk.nextLine;
  };
  return {
    id: buildId,
    append: (...texts: string[]) => store(encodeChunk(texts.map(toLine), next, attempt)),
    omit: (count: number, bytes: number) =>
      store(encodeOmission({ from: next, to: next + count - 1, bytes }, attempt)),
    keepImage: (image: KeptImage) => server.claims.keepImage(worker, claimed, image),
    async finish(): Promise<void> {
      await server.claims.fail(worker, claimed, {
        code: 'step_failed',
        message: 'A step failed.',
        detail: null,
      });
    },
    /** As the seal job does; answers the hash. */
    async seal(text: string): Promise<string> {
      const sha256 = createHash('sha256').update(text).digest('hex');
      await server.logs.seal(worker, buildId, next - 1, sha256);
      return sha256;
    },
  };
}

function toLine(text: string): CutLine {
  return { time: 1_700_000_000_000, step: 1, stream: 'stdout', text, partial: false };
}
