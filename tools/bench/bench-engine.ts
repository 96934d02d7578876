import { join } from 'node:path';
import { findBuildUser, selectEngine, type BuildEngine } from '@nohands/engine';

export type BenchEngine =
  { readonly name: 'buildah' } | { readonly name: 'dagger'; readonly host: string; readonly program: string };

/** An option that makes no bench. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const hostVariables = ['_EXPERIMENTAL_DAGGER_RUNNER_HOST', 'DAGGER_ENGINE_HOSTS'];
const programVariables = ['_EXPERIMENTAL_DAGGER_CLI_BIN', 'DAGGER_BIN'];

/** The engine of `--engine`; Dagger's place comes from the environment, as for `npm run test:dagger`. */
export function chooseEngine(name: string): BenchEngine {
  if (name === 'buildah') return { name };
  if (name !== 'dagger') throw new UsageError(`--engine is buildah or dagger, not "${name}".`);
  const host = firstSet(hostVariables);
  if (host === null) {
    throw new UsageError(
      `--engine dagger needs a running engine: set ${hostVariables[0]}=unix:///... or tcp://host:port`,
    );
  }
  return { name, host, program: firstSet(programVariables) ?? 'dagger' };
}

/** What the product is told of the engine. */
export function environmentOf(engine: BenchEngine): Record<string, string> {
  if (engine.name === 'buildah') return { BUILD_ENGINE: 'buildah' };
  return { BUILD_ENGINE: 'dagger', DAGGER_ENGINE_HOSTS: engine.host, DAGGER_BIN: engine.program };
}

/** The same engine as the product's worker makes, with a storage of its own in `folder`. */
export async function makeBareEngine(engine: BenchEngine, folder: string): Promise<BuildEngine> {
  const recordDirectory = join(folder, 'programs');
  const dagger = engine.name === 'dagger' ? engine : { host: '', program: 'dagger' };
  return selectEngine({
    choice: engine.name,
    dagger: { daggerBin: dagger.program, engineHosts: [dagger.host], recordDirectory },
    buildah: {
      stateDirectory: join(folder, 'buildah'),
      user: process.getuid?.() === 0 ? await findBuildUser() : null,
      recordDirectory,
    },
  });
}

function firstSet(names: readonly string[]): string | null {
  return names.map((name) => process.env[name] ?? '').find((value) => value !== '') ?? null;
}
