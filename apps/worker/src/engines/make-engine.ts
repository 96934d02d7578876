import { join } from 'node:path';
import type { Configuration } from '@nohands/config';
import { BuildahEngine, findBuildUser, type BuildEngine } from '@nohands/engine';

/** The engine that this worker builds with, as the configuration says. */
export async function makeEngine(configuration: Configuration): Promise<BuildEngine> {
  return new BuildahEngine({
    stateDirectory: join(configuration.buildStorageDir, 'buildah'),
    user: process.getuid?.() === 0 ? await findBuildUser() : null,
    insecureRegistries: configuration.insecureRegistries,
    recordDirectory: join(configuration.buildStorageDir, 'programs'),
  });
}
