import type { LogStream, StepStatus } from '@nohands/domain';

export type EngineName = 'dagger' | 'buildah' | 'fake';

/** What an engine can do on this machine, or why it cannot. */
export type EngineProbe =
  | {
      readonly ready: true;
      readonly name: EngineName;
      readonly version: string;
      readonly warnings: readonly string[];
    }
  | {
      readonly ready: false;
      readonly name: EngineName;
      readonly code: 'engine_unavailable' | 'engine_unsafe';
      /** One sentence for people: why, and what to do. */
      readonly reason: string;
    };

/** Credentials to pull a private base image; they reach only this build's session or auth file. */
export type PullCredential = {
  readonly registry: string;
  readonly username: string;
  readonly password: string;
};

export type BuildRequest = {
  readonly buildId: number;
  readonly attempt: number;
  readonly repositoryId: number;
  /** Absolute; the commit's tree, without `.git`. The engine only reads it. */
  readonly contextDirectory: string;
  /** Relative to the context, as the user wrote it; the engine refuses one that leads out of the context. */
  readonly dockerfilePath: string;
  readonly target: string | null;
  readonly buildArguments: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  /** Absolute; must not exist yet. The engine writes the OCI layout there. */
  readonly layoutDirectory: string;
  /** Absolute, empty, this build's own; removed by the caller afterwards. */
  readonly workDirectory: string;
  readonly pullCredentials: readonly PullCredential[];
  /**
   * Seconds since 1970 for the image's creation time and the times of its files; where an engine obeys it, the same
   * inputs give the same digest. Absent: the time of the build.
   */
  readonly createdAt?: number;
};

/** An instruction of the Dockerfile; `number` counts from 1 within one `build()` call, in order of start. */
export type EngineStepStart = { readonly number: number; readonly name: string; readonly startedAt: number };
export type EngineStepEnd = {
  readonly number: number;
  readonly status: Exclude<StepStatus, 'running'>;
  readonly cached: boolean;
  readonly completedAt: number;
  readonly exitCode: number | null;
};

/** Where an engine reports. A promise returned by `output` is back-pressure: the engine waits for it. */
export type BuildSink = {
  stepStarted(step: EngineStepStart): void;
  stepEnded(step: EngineStepEnd): void;
  /** Raw bytes as the program wrote them, not cut at line ends; `step` null for the engine's own words. */
  output(step: number | null, stream: LogStream, bytes: Uint8Array): Promise<void> | void;
};

/** The result: a layout on disk. `digest` is the layout's manifest (or index) digest, `sha256:<64 hex>`. */
export type BuiltImage = {
  readonly digest: string;
  /** Manifest + configuration + compressed layers, in bytes. */
  readonly size: number;
  readonly layoutDirectory: string;
};

/** Rejection of `build()` after an abort when the engine cannot say that nothing of the build is left. */
export class StopUnconfirmed extends Error {
  override readonly name = 'StopUnconfirmed';
}

/** The port of every engine (type and injection token in one); all adapters pass `build-engine.contract-spec.ts`. */
export abstract class BuildEngine {
  abstract readonly name: EngineName;

  /** Answers within 5 s; never throws. */
  abstract probe(): Promise<EngineProbe>;

  /**
   * Builds into `request.layoutDirectory`. Rejects with `BuildError`; after an abort with `signal.reason` once no
   * process of the build is left, or with `StopUnconfirmed`.
   */
  abstract build(request: BuildRequest, sink: BuildSink, signal: AbortSignal): Promise<BuiltImage>;
}
