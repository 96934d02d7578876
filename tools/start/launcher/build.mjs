import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createHash } from 'node:crypto';
import { delimiter, dirname, join } from 'node:path';
import { pinnedNode } from './install.mjs';
import { LauncherError } from './launcher-error.mjs';
import { run } from './programs.mjs';

/** What start.ts runs or imports; Nx adds what these need. */
const projects = ['api', 'worker', 'web', 'config', 'embedded', 'engine', 'process', 'storage', 'database'];
const results = ['apps/api/dist/main.js', 'apps/worker/dist/main.js', 'apps/web/dist/index.html'];
const inputs = ['apps', 'libs', 'nx.json', 'tsconfig.base.json', 'package-lock.json'];
const skipped = new Set(['dist', 'node_modules', '.angular', '.nx']);

/**
 * Builds what changed. Nx knows best but takes seconds to say "nothing": so it is asked only when the name, size or time
 * of a source file differs from those at the last successful build.
 */
export async function buildIfNeeded(root) {
  const stamp = join(root, 'node_modules', '.cache', 'nohands', 'built');
  const current = fingerprint(root);
  if (readOrNull(stamp) === current && results.every((file) => existsSync(join(root, file)))) return;
  console.log('Building ...');
  const started = performance.now();
  await buildAll(root);
  mkdirSync(dirname(stamp), { recursive: true });
  // Of the sources as they were before the build: what changed meanwhile is built at the next start.
  writeFileSync(`${stamp}.new`, current);
  renameSync(`${stamp}.new`, stamp);
  console.log(`Built in ${((performance.now() - started) / 1000).toFixed(1)} s.`);
}

async function buildAll(root) {
  const node = pinnedNode(root);
  const args = [
    join(root, 'node_modules', 'nx', 'dist', 'bin', 'nx.js'),
    'run-many',
    '-t',
    'build',
    '-p',
    projects.join(','),
  ];
  const { code, tail } = await run(node, args, {
    cwd: root,
    env: {
      ...process.env,
      PATH: [join(root, 'node_modules', '.bin'), process.env.PATH].join(delimiter),
      // No daemon: it would stay behind.
      NX_DAEMON: 'false',
      NX_TUI: 'false',
    },
  });
  const missing = results.filter((file) => !existsSync(join(root, file)));
  if (code === 0 && missing.length === 0) return;
  const why = code === 0 ? `It made no ${missing.join(', ')}.` : tail;
  throw new LauncherError(
    `The build failed:\n${why}\nMend that, or go back to a released version, and start again.`,
  );
}

function fingerprint(root) {
  const hash = createHash('sha256').update(process.arch);
  for (const input of inputs) addTo(hash, join(root, input));
  return hash.digest('hex');
}

function addTo(hash, path) {
  const found = statSync(path);
  if (!found.isDirectory()) {
    if (!/[.-]spec\.ts$/.test(path)) hash.update(`${path}\0${found.size}\0${found.mtimeMs}\n`);
    return;
  }
  for (const name of readdirSync(path).sort()) {
    if (!skipped.has(name) && !name.endsWith('.tsbuildinfo')) addTo(hash, join(path, name));
  }
}

function readOrNull(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null; // Expected: never built
  }
}
