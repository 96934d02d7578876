import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { EmbeddedError } from './embedded-errors.js';

/** Where what belongs to other users lies: the data folder itself, or a folder of /var/lib that they can enter. */
export type ServiceHome = {
  /** Absolute; every user may pass through it, none but root may list or change it. */
  readonly path: string;
  /** True when it lies outside of the data folder (which then says so in `location.json`). */
  readonly isOutside: boolean;
};

type Location = { readonly dataDir: string; readonly home: string };

const outsideRoot = '/var/lib/nohands';
/** What a socket's path may have left over for `<home>/postgres/run/.s.PGSQL.5432`: the kernel takes 107 bytes. */
const longestHome = 70;

/**
 * Finds (and makes) the folder for the database and build storage of a data folder. As root it is outside where
 * other users cannot enter the data folder; once chosen it is recorded and stays. Throws `EmbeddedError`
 * (`data_dir_copied`) when two data folders name the same one.
 */
export async function locateServiceHome(dataDir: string): Promise<ServiceHome> {
  await mkdir(dataDir, { recursive: true, mode: 0o711 });
  const real = await realpath(dataDir);
  const recorded = await readLocation(real);
  if (recorded !== null) return useRecorded(real, recorded);
  const isInside = process.getuid?.() !== 0 || (await isOpenToOthers(real));
  const home = isInside ? real : join(outsideRoot, nameOf(real));
  // Recorded first: a crash in between leaves a record of an empty place, never a database nobody finds.
  await writeLocation({ dataDir: real, home });
  if (!isInside) await makeOutside(home);
  return { path: home, isOutside: !isInside };
}

/** Removes what lies outside of the data folder; the data folder itself is the caller's. */
export async function removeOutsideHome(dataDir: string): Promise<void> {
  const recorded = await readLocation(dataDir);
  if (recorded === null || dirname(recorded.home) !== outsideRoot) return;
  if (recorded.dataDir === (await realpath(dataDir)))
    await rm(recorded.home, { recursive: true, force: true });
}

/** A short name for a data folder, the same at every start. */
export function nameOf(dataDir: string): string {
  return createHash('sha256').update(dataDir).digest('hex').slice(0, 12);
}

async function useRecorded(dataDir: string, recorded: Location): Promise<ServiceHome> {
  if (recorded.home === recorded.dataDir) return useInside(dataDir);
  if (recorded.dataDir !== dataDir) {
    const other = await readLocation(recorded.dataDir);
    if (other?.home === recorded.home) {
      throw new EmbeddedError(
        'data_dir_copied',
        `The data folder is a copy of ${recorded.dataDir}, and both name the database in ${recorded.home}. ` +
          'Two installations cannot share one database: use `npm run backup` and `npm run restore` to copy.',
      );
    }
    await writeLocation({ dataDir, home: recorded.home });
  }
  await makeOutside(recorded.home);
  return { path: recorded.home, isOutside: true };
}

/** What lies inside moved with the folder; but the way to it may have been closed meanwhile. */
async function useInside(dataDir: string): Promise<ServiceHome> {
  if (process.getuid?.() !== 0 || (await isOpenToOthers(dataDir))) return { path: dataDir, isOutside: false };
  throw new EmbeddedError(
    'data_dir_closed',
    `The database lies in ${dataDir}, and its user can no longer get there: every folder on the way needs the ` +
      `x permission for others (chmod o+x), and the whole path at most ${longestHome} bytes.`,
  );
}

async function makeOutside(home: string): Promise<void> {
  await mkdir(outsideRoot, { recursive: true, mode: 0o755 });
  await mkdir(home, { recursive: true, mode: 0o711 });
}

async function isOpenToOthers(path: string): Promise<boolean> {
  if (Buffer.byteLength(path) > longestHome) return false;
  for (let folder = path; ; folder = dirname(folder)) {
    const { mode } = await stat(folder);
    if ((mode & 0o001) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}

async function readLocation(dataDir: string): Promise<Location | null> {
  try {
    return JSON.parse(await readFile(join(dataDir, 'location.json'), 'utf8')) as Location;
  } catch (error) {
    // Expected: no such file (everything lies in the data folder), no such folder
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

async function writeLocation(location: Location): Promise<void> {
  const path = join(location.dataDir, 'location.json');
  const temporary = `${path}.${randomUUID()}`;
  await writeFile(temporary, `${JSON.stringify(location, null, 2)}\n`, { mode: 0o600, flush: true });
  await rename(temporary, path);
}
