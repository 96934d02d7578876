import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import type { Configuration } from '@nohands/config';
import type { ClaimedBuild } from '@nohands/database';
import { WORKER_CONFIGURATION } from '../worker-configuration.js';

/** Where one attempt works; all of it is gone afterwards. */
export type BuildFolder = {
  /** The commit's tree. */
  readonly context: string;
  /** The engine writes the OCI layout here; it must not exist before. */
  readonly layout: string;
  /** For whatever the engine needs beside. */
  readonly work: string;
  create(): Promise<void>;
  remove(): Promise<void>;
};

/**
 * Fresh folders per attempt under the build storage, and the broom for what a crash left. Each worker process has a
 * folder named by its pid: what lies under a pid that is gone, or under ours at the start, is nobody's.
 */
@Injectable()
export class BuildFolders implements OnModuleInit {
  readonly #logger = new Logger(BuildFolders.name);
  readonly #root: string;
  #hasBegun = false;

  constructor(@Inject(WORKER_CONFIGURATION) configuration: Configuration) {
    this.#root = join(configuration.buildStorageDir, 'running');
  }

  of(build: ClaimedBuild): BuildFolder {
    const folder = join(this.#root, String(process.pid), `${build.id}-${build.attempt}`);
    const work = join(folder, 'work');
    return {
      context: join(folder, 'context'),
      layout: join(folder, 'layout'),
      work,
      create: async () => {
        await rm(folder, { recursive: true, force: true });
        await mkdir(work, { recursive: true });
      },
      remove: () => this.#remove(folder),
    };
  }

  async onModuleInit(): Promise<void> {
    await this.sweep();
    this.#hasBegun = true;
  }

  /** Removes what processes left that are gone; also before a further attempt, whose predecessor was one of them. */
  async sweep(): Promise<void> {
    await mkdir(this.#root, { recursive: true });
    for (const name of await readdir(this.#root)) {
      const isOurs = name === String(process.pid);
      // What lies under our own pid at the start is a predecessor's that had the same.
      if (isOurs ? !this.#hasBegun : !isRunning(Number(name))) await this.#remove(join(this.#root, name));
    }
  }

  async #remove(folder: string): Promise<void> {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 }).catch((error: unknown) => {
      // A mount or a foreign file in the way must not end the build; the next start tries again.
      this.#logger.warn(
        `${folder} could not be removed: ${error instanceof Error ? error.message : String(error)}`,
      );
    });
  }
}

function isRunning(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid < 1) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // ESRCH: nobody has that pid. EPERM: somebody has, and it is not ours to judge.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
