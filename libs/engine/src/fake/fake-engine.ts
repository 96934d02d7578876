import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { BuildError, type BuildErrorCode, type LogStream } from '@nohands/domain';
import {
  BuildEngine,
  type BuildRequest,
  type BuildSink,
  type BuiltImage,
  type EngineProbe,
} from '../build-engine.js';
import { describeLayout } from '../layout.js';

export type FakeStep = {
  readonly name: string;
  readonly output?: readonly {
    readonly stream: LogStream;
    readonly text: string;
    readonly delayMs?: number;
  }[];
  readonly cached?: boolean;
  /** Other than 0: the step fails and the build with it. */
  readonly exitCode?: number;
  /** The step ends only by an abort. */
  readonly hangs?: boolean;
};
export type FakeScript = {
  readonly steps: readonly FakeStep[];
  /** The build fails with this after its steps. */
  readonly error?: BuildErrorCode;
};

/** For tests: plays a script and writes a real, tiny OCI layout. Cannot be chosen by BUILD_ENGINE. */
export class FakeEngine extends BuildEngine {
  override readonly name = 'fake';

  constructor(
    private readonly script: FakeScript,
    private readonly answer: EngineProbe = { ready: true, name: 'fake', version: '0', warnings: [] },
  ) {
    super();
  }

  override probe(): Promise<EngineProbe> {
    return Promise.resolve(this.answer);
  }

  override async build(request: BuildRequest, sink: BuildSink, signal: AbortSignal): Promise<BuiltImage> {
    signal.throwIfAborted();
    if (!this.answer.ready) throw new BuildError(this.answer.code, this.answer.reason);
    for (const [index, step] of this.script.steps.entries()) await playStep(step, index + 1, sink, signal);
    if (this.script.error !== undefined)
      throw new BuildError(this.script.error, `The script says: ${this.script.error}.`);
    await writeTinyLayout(request);
    return describeLayout(request.layoutDirectory);
  }
}

async function playStep(step: FakeStep, number: number, sink: BuildSink, signal: AbortSignal): Promise<void> {
  sink.stepStarted({ number, name: step.name, startedAt: Date.now() });
  const end = { number, cached: step.cached === true, exitCode: step.exitCode ?? 0 };
  try {
    for (const { stream, text, delayMs } of step.output ?? []) {
      if (delayMs !== undefined) await delay(delayMs, undefined, { signal });
      signal.throwIfAborted();
      await sink.output(number, stream, Buffer.from(text));
    }
    if (step.hangs === true) await untilAborted(signal);
    signal.throwIfAborted();
  } catch (error) {
    const status = signal.aborted ? 'cancelled' : 'failed';
    sink.stepEnded({ ...end, status, exitCode: null, completedAt: Date.now() });
    throw signal.aborted ? signal.reason : error;
  }
  const isFailed = end.exitCode !== 0;
  sink.stepEnded({ ...end, status: isFailed ? 'failed' : 'success', completedAt: Date.now() });
  if (isFailed) {
    const lines = (step.output ?? []).map(({ text }) => text).join('');
    throw new BuildError(
      'step_failed',
      `The step "${step.name}" failed with exit code ${end.exitCode}.`,
      lines,
    );
  }
}

/** Rejects with the reason of the abort; a timer keeps the process alive meanwhile, as a real build would. */
async function untilAborted(signal: AbortSignal): Promise<never> {
  for (;;) await delay(60_000, undefined, { signal });
}

async function writeTinyLayout({ layoutDirectory, buildId, labels }: BuildRequest): Promise<void> {
  const blobs = join(layoutDirectory, 'blobs', 'sha256');
  await mkdir(blobs, { recursive: true });
  const writeBlob = async (mediaType: string, content: Buffer) => {
    const hash = createHash('sha256').update(content).digest('hex');
    await writeFile(join(blobs, hash), content);
    return { mediaType, digest: `sha256:${hash}`, size: content.length };
  };
  // Two empty blocks: the shortest tar archive.
  const tar = Buffer.alloc(1024);
  const layer = await writeBlob('application/vnd.oci.image.layer.v1.tar', tar);
  const config = {
    architecture: 'amd64',
    os: 'linux',
    config: { Labels: { ...labels, build: String(buildId) } },
  };
  const rootfs = { type: 'layers', diff_ids: [layer.digest] };
  const configBlob = await writeJson(writeBlob, 'application/vnd.oci.image.config.v1+json', {
    ...config,
    rootfs,
  });
  const type = 'application/vnd.oci.image.manifest.v1+json';
  const document = { schemaVersion: 2, mediaType: type, config: configBlob, layers: [layer] };
  const manifest = await writeJson(writeBlob, type, document);
  await writeFile(join(layoutDirectory, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
  await writeFile(
    join(layoutDirectory, 'index.json'),
    JSON.stringify({ schemaVersion: 2, manifests: [manifest] }),
  );
}

function writeJson<T>(
  write: (type: string, content: Buffer) => Promise<T>,
  type: string,
  value: unknown,
): Promise<T> {
  return write(type, Buffer.from(JSON.stringify(value)));
}
