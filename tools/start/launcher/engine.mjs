import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { findProgram, run } from './programs.mjs';

const packages = ['buildah', 'skopeo', 'runc', 'uidmap', 'slirp4netns', 'busybox-static'];
const programs = ['buildah', 'skopeo', 'runc', 'newuidmap', 'slirp4netns'];
const line = `apt-get install -y --no-install-recommends ${packages.join(' ')}`;
const systemFolders = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

/**
 * Where no build engine is found: says so and, as root on Debian or Ubuntu, installs Buildah after a yes on a terminal,
 * or at once with NOHANDS_INSTALL_ENGINE=yes or CI=true. Starting goes on in any case.
 */
export async function offerEngine(root) {
  if (process.platform !== 'linux' || hasEngine()) return;
  const declined = join(root, 'node_modules', '.cache', 'nohands', 'engine-declined');
  const isPossible =
    process.getuid() === 0 && existsSync('/etc/debian_version') && findProgram('apt-get') !== null;
  if (isPossible && (isAskedFor() || (!existsSync(declined) && (await isAgreed(declined))))) return install();
  console.log(`No build engine was found: you can look around, but builds are off. As root run:\n  ${line}`);
  if (process.getuid() !== 0) console.log('Or name a Dagger engine by DAGGER_ENGINE_HOSTS.');
}

function hasEngine() {
  const isThere = (name) => findProgram(name, systemFolders) !== null;
  return isThere('dagger') || programs.every(isThere);
}

function isAskedFor() {
  return process.env.NOHANDS_INSTALL_ENGINE === 'yes' || process.env.CI === 'true';
}

async function isAgreed(declined) {
  if (!process.stdin.isTTY || !process.stdout.isTTY) return false;
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question(
    `No build engine was found. Install Buildah now (${packages.join(', ')})? [y/N] `,
  );
  terminal.close();
  const isYes = /^y(es)?$/i.test(answer.trim());
  if (!isYes) {
    // Asked once; the line that helps is shown at every start.
    mkdirSync(dirname(declined), { recursive: true });
    writeFileSync(declined, '');
  }
  return isYes;
}

async function install() {
  console.log(`Installing a build engine (${packages.join(', ')}) ...`);
  const options = { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
  await run('apt-get', ['update', '-qq'], options);
  const result = await run('apt-get', ['install', '-y', '--no-install-recommends', ...packages], options);
  if (result.code === 0) return;
  console.log(
    `The build engine could not be installed, so builds are off:\n${result.tail}\nAs root run:\n  ${line}`,
  );
}
