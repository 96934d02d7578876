import { join } from 'node:path';
import type { Configuration } from '@nohands/config';
import { findBuildUser, selectEngine, type BuildEngine } from '@nohands/engine';
import { programRecordsDirectory } from '../program-reaper.js';

/** The engine that this worker builds with, as the configuration says. */
export async function makeEngine(configuration: Configuration): Promise<BuildEngine> {
  const recordDirectory = programRecordsDirectory(configuration);
  return selectEngine({
    choice: configuration.buildEngine,
    dagger: {
      daggerBin: configuration.daggerBin ?? 'dagger',
      engineHosts: configuration.daggerEngineHosts,
      recordDirectory,
    },
    buildah: {
      stateDirectory: join(configuration.buildStorageDir, 'buildah'),
      user: process.getuid?.() === 0 ? await findBuildUser(configuration.buildUser ?? undefined) : null,
      isolation: configuration.buildIsolation,
      insecureRegistries: configuration.insecureRegistries,
      recordDirectory,
    },
  });
}
