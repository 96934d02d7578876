import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bringsNode } from './checks.mjs';
import { LauncherError } from './launcher-error.mjs';
import { findProgram, run } from './programs.mjs';

/** The Node that runs everything but this launcher: the one of the lock file, else (macOS) the user's. */
export function pinnedNode(root) {
  return bringsNode() ? join(nodePackage(root), 'bin', 'node') : process.execPath;
}

/** Runs `npm ci` where node_modules is not what the lock file says. */
export async function installIfNeeded(root) {
  if (isInstalled(root)) return;
  console.log('Installing dependencies (npm ci; about a minute) ...');
  const started = performance.now();
  // npm's own settings come by the environment; it gets ours whole.
  const { code, tail } = await run(findProgram('npm'), ['ci', '--no-audit', '--no-fund'], { cwd: root });
  if (code !== 0) {
    throw new LauncherError(
      `The dependencies could not be installed (npm ci, code ${code}):\n${tail}\nStart again once that is mended.`,
    );
  }
  if (!isInstalled(root)) throw new LauncherError(lackingPlatform());
  console.log(`Installed in ${((performance.now() - started) / 1000).toFixed(1)} s.`);
}

/**
 * npm writes what it installed into node_modules/.package-lock.json as its last step: an interrupted installation has
 * none, an outdated one differs.
 */
function isInstalled(root) {
  const wanted = readPackages(join(root, 'package-lock.json'));
  const found = readPackages(join(root, 'node_modules', '.package-lock.json'));
  if (wanted === null)
    throw new LauncherError('package-lock.json is missing or broken: clone the repository again.');
  if (found === null || (bringsNode() && !existsSync(pinnedNode(root)))) return false;
  return Object.entries(wanted).every(([path, entry]) => {
    if (!path.startsWith('node_modules/') || entry.optional || entry.devOptional || entry.link) return true;
    return found[path]?.version === entry.version && found[path]?.integrity === entry.integrity;
  });
}

function readPackages(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages;
  } catch {
    return null; // Expected: no such file, or one cut off by a crash
  }
}

function nodePackage(root) {
  return join(root, 'node_modules', `node-linux-${process.arch}`);
}

function lackingPlatform() {
  return (
    `The dependencies were installed, but the package node-linux-${process.arch} is missing. ` +
    'Optional packages are needed: remove --omit=optional (or omit=optional in .npmrc) and start again.'
  );
}
