import { mkdir, readdir, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { baseEnvironment, runProgram } from '@nohands/process';
import type { BuildUser } from './build-user.js';

/** Where one repository's layers are kept, and the lock that every build of it holds. */
export type StoragePlace = { readonly storage: string; readonly lock: string };

/** The layers that Buildah keeps between builds: a cache, one folder per repository, so that none can poison another's. */
export class BuildahStorage {
  private readonly storageFolder: string;
  private readonly lockFolder: string;

  constructor(
    stateDirectory: string,
    private readonly user: BuildUser | null,
  ) {
    this.storageFolder = join(stateDirectory, 'storage');
    this.lockFolder = join(stateDirectory, 'locks');
  }

  /** The place of a repository; asking for it counts as its last use. */
  async place(name: string): Promise<StoragePlace> {
    await mkdir(this.storageFolder, { recursive: true, mode: 0o700 });
    await mkdir(this.lockFolder, { recursive: true, mode: 0o700 });
    const lock = join(this.lockFolder, name);
    await writeFile(lock, '', { flag: 'a', mode: 0o600 });
    await utimes(lock, new Date(), new Date());
    return { storage: join(this.storageFolder, name), lock };
  }

  /** Empties a repository's storage. False while a build uses it: then nothing is touched. */
  async empty(name: string): Promise<boolean> {
    const { storage, lock } = await this.place(name);
    await mkdir(storage, { recursive: true, mode: 0o700 });
    // The folder itself stays: a build that waits for the lock has it in its hands.
    const remove = ['find', storage, '-xdev', '-mindepth', '1', '-delete'];
    const asOwner = this.user === null ? ['unshare', '--user', '--map-auto', '--map-root-user', '--'] : [];
    const args = ['--exclusive', '--nonblock', lock, ...asOwner, ...remove];
    const result = await runProgram({ command: 'flock', args, environment: baseEnvironment(), cwd: '/' });
    return result.exitCode === 0;
  }

  /**
   * Empties storage, that of the repository longest unused first, until all of it together is at most `keepBytes`.
   * Storage in use is left alone. Resolves with the bytes that are left.
   */
  async trim(keepBytes: number): Promise<number> {
    const places = await this.measure();
    let total = places.reduce((sum, { bytes }) => sum + bytes, 0);
    for (const { name, bytes } of places) {
      if (total <= keepBytes) break;
      if (await this.empty(name)) total -= bytes;
    }
    return total;
  }

  private async measure() {
    const names = await readdir(this.storageFolder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
    const places = await Promise.all(
      names.map(async (name) => {
        const lastUse = (await stat(join(this.lockFolder, name)).catch(() => null))?.mtimeMs ?? 0;
        return { name, lastUse, bytes: await this.sizeOf(join(this.storageFolder, name)) };
      }),
    );
    return places.sort((one, other) => one.lastUse - other.lastUse);
  }

  private async sizeOf(folder: string): Promise<number> {
    const args = ['--summarize', '--block-size=1', '--one-file-system', '--', folder];
    const result = await runProgram({ command: 'du', args, environment: baseEnvironment(), cwd: '/' });
    return Number.parseInt(result.stdout.toString(), 10) || 0;
  }
}
