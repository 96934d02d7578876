// `npm test`: plain JavaScript for whatever Node the user has (20.19 or newer). Installs the dependencies and, as root on
// Debian or Ubuntu, the programs that the tests use for real; then run-suites.ts takes over, run by the pinned Node.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildIfNeeded } from '../start/launcher/build.mjs';
import { checkMachine } from '../start/launcher/checks.mjs';
import { installIfNeeded, pinnedNode } from '../start/launcher/install.mjs';
import { LauncherError } from '../start/launcher/launcher-error.mjs';
import { withPrepareLock } from '../start/launcher/prepare-lock.mjs';
import { findProgram, run } from '../start/launcher/programs.mjs';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Program -> Debian package: what the tests start for real. */
const programs = {
  buildah: 'buildah',
  skopeo: 'skopeo',
  runc: 'runc',
  newuidmap: 'uidmap',
  slirp4netns: 'slirp4netns',
  busybox: 'busybox-static',
  'docker-registry': 'docker-registry',
  'redis-server': 'redis-server',
  chromium: 'chromium',
  htpasswd: 'apache2-utils',
  openssl: 'openssl',
  pip3: 'python3-pip',
};
const systemFolders = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/lib/git-core'];

async function installPrograms() {
  const missing = Object.keys(programs).filter((name) => findProgram(name, systemFolders) === null);
  if (missing.length === 0) return;
  const packages = missing.map((name) => programs[name]);
  const line = `apt-get install -y --no-install-recommends ${packages.join(' ')}`;
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) {
    throw new LauncherError(
      `The tests use real programs that are missing here: ${missing.join(', ')}.\nAs root run:\n  ${line}`,
    );
  }
  console.log(`Installing ${packages.join(', ')} ...`);
  const options = { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
  await run('apt-get', ['update', '-qq'], options);
  const { code, tail } = await run(
    'apt-get',
    ['install', '-y', '--no-install-recommends', ...packages],
    options,
  );
  if (code !== 0)
    throw new LauncherError(
      `The programs for the tests could not be installed:\n${tail}\nTry by hand:\n  ${line}`,
    );
}

function runSuites() {
  const options = ['--disable-warning=ExperimentalWarning', join(root, 'tools', 'test', 'run-suites.ts')];
  const child = spawn(pinnedNode(root), [...options, ...process.argv.slice(2)], {
    cwd: root,
    stdio: 'inherit',
    env: {
      ...process.env,
      PATH: [
        join(root, 'node_modules', '.bin'),
        dirname(pinnedNode(root)),
        process.env.PATH,
        ...systemFolders,
      ].join(delimiter),
      NX_DAEMON: 'false',
      NX_TUI: 'false',
    },
  });
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  return new Promise((resolve) => child.once('close', (code) => resolve(code ?? 1)));
}

try {
  checkMachine();
  const started = performance.now();
  await withPrepareLock(root, async () => {
    await installIfNeeded(root);
    await installPrograms();
    await buildIfNeeded(root);
  });
  console.log(`Prepared in ${((performance.now() - started) / 60_000).toFixed(1)} min.`);
  process.exitCode = await runSuites();
} catch (error) {
  console.error(error instanceof LauncherError ? error.message : error);
  process.exitCode = 1;
}
