import { BuildError } from '@nohands/domain';
import {
  BuildEngine,
  type BuildRequest,
  type BuildSink,
  type BuiltImage,
  type EngineName,
  type EngineProbe,
} from './build-engine.js';
import { BuildahEngine, type BuildahOptions } from './buildah/buildah-engine.js';
import { DaggerEngine, type DaggerEngineOptions } from './dagger/dagger-engine.js';

export type EngineSelection = {
  readonly choice: 'auto' | 'dagger' | 'buildah';
  readonly dagger: DaggerEngineOptions;
  readonly buildah: BuildahOptions;
};

/** The engine that BUILD_ENGINE asks for; starts nothing before its first `probe` or `build`. */
export function selectEngine(selection: EngineSelection): BuildEngine {
  switch (selection.choice) {
    case 'dagger':
      return new DaggerEngine(selection.dagger);
    case 'buildah':
      return new BuildahEngine(selection.buildah);
    case 'auto':
      return new FirstReadyEngine([new DaggerEngine(selection.dagger), new BuildahEngine(selection.buildah)]);
  }
}

/** Stands for the first of several engines that is ready, decided anew by every probe. */
export class FirstReadyEngine extends BuildEngine {
  private chosen: BuildEngine | null = null;

  constructor(private readonly candidates: readonly BuildEngine[]) {
    super();
  }

  /** The engine of the last probe; before the first one, and where none is ready, the last candidate. */
  override get name(): EngineName {
    return (this.chosen ?? this.candidates.at(-1))?.name ?? 'buildah';
  }

  override async probe(): Promise<EngineProbe> {
    const failures: EngineProbe[] = [];
    for (const candidate of this.candidates) {
      const probe = await candidate.probe();
      if (probe.ready) {
        this.chosen = candidate;
        return probe;
      }
      failures.push(probe);
    }
    this.chosen = null;
    return this.noneReady(failures);
  }

  override async build(request: BuildRequest, sink: BuildSink, signal: AbortSignal): Promise<BuiltImage> {
    signal.throwIfAborted();
    if (this.chosen === null) {
      const probe = await this.probe();
      if (!probe.ready) throw new BuildError(probe.code, probe.reason);
    }
    const engine = this.chosen;
    if (engine === null) throw new BuildError('engine_unavailable', 'No build engine is ready.');
    return engine.build(request, sink, signal);
  }

  private noneReady(failures: readonly EngineProbe[]): EngineProbe {
    const reasons = failures.map((probe) => (probe.ready ? '' : `${titles[probe.name]}: ${probe.reason}`));
    const isUnsafe = failures.some((probe) => !probe.ready && probe.code === 'engine_unsafe');
    const code = isUnsafe ? 'engine_unsafe' : 'engine_unavailable';
    return { ready: false, name: this.name, code, reason: `No build engine is ready. ${reasons.join(' ')}` };
  }
}

const titles: Record<EngineName, string> = { dagger: 'Dagger', buildah: 'Buildah', fake: 'Fake' };
