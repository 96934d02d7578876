import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { WorkersStore } from '@nohands/database';
import { system } from '@nohands/domain';
import { BuildEngine, type EngineProbe } from '@nohands/engine';
import { WorkerSelf } from '../leases/worker-self.js';

const lookMilliseconds = { ready: 30_000, notReady: 5_000 };

/** Asks the engine whether it can build, again and again, and writes the answer where everybody can read it. */
@Injectable()
export class EngineWatch implements OnApplicationShutdown {
  readonly #logger = new Logger(EngineWatch.name);
  #probe: EngineProbe | null = null;
  #timer: NodeJS.Timeout | null = null;
  #said = '';

  constructor(
    private readonly engine: BuildEngine,
    private readonly workers: WorkersStore,
    private readonly self: WorkerSelf,
  ) {}

  get isReady(): boolean {
    return this.#probe?.ready ?? false;
  }

  get name(): string {
    return this.#probe?.name ?? this.engine.name;
  }

  /** Looks now and from then on by itself; never throws. */
  async start(): Promise<void> {
    await this.look();
    const delay = this.isReady ? lookMilliseconds.ready : lookMilliseconds.notReady;
    this.#timer = setTimeout(() => void this.start(), delay);
  }

  async look(): Promise<void> {
    this.#probe = await this.engine.probe();
    const probe = this.#probe;
    this.#say(probe);
    try {
      await this.workers.reportEngine(system('worker'), this.self.identity.id, {
        name: probe.name,
        version: probe.ready ? probe.version : null,
        ready: probe.ready,
        reason: probe.ready ? null : `${probe.code}: ${probe.reason}`,
        warnings: probe.ready ? probe.warnings : [],
      });
    } catch {
      // The database is away; the next look reports again.
    }
  }

  onApplicationShutdown(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #say(probe: EngineProbe): void {
    const sentence = probe.ready
      ? `Builds run with ${probe.name} ${probe.version}.`
      : `Builds are off: ${probe.reason}`;
    if (sentence === this.#said) return;
    this.#said = sentence;
    if (probe.ready) this.#logger.log(sentence);
    else this.#logger.warn(sentence);
  }
}
