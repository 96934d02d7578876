import { LauncherError } from './launcher-error.mjs';
import { findProgram } from './programs.mjs';

/** Throws one LauncherError with everything this machine lacks. */
export function checkMachine() {
  const missing = [...nodeProblems(), ...systemProblems()];
  if (findProgram('git') === null)
    missing.push('git is not on PATH: install it (Debian: apt-get install -y git).');
  if (findProgram('npm') === null) missing.push('npm is not on PATH: it comes with Node.');
  if (missing.length > 0)
    throw new LauncherError(missing.map((line) => `NoHands cannot start: ${line}`).join('\n'));
}

/** True where the lock file brings the Node that runs everything. */
export function bringsNode() {
  return process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch);
}

function nodeProblems() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  const isAtLeast = (wantedMajor, wantedMinor) =>
    major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
  const [wantedMajor, wantedMinor] = bringsNode() ? [20, 19] : [24, 15];
  if (isAtLeast(wantedMajor, wantedMinor)) return [];
  return [`Node ${wantedMajor}.${wantedMinor} or newer is needed, this is ${process.versions.node}.`];
}

function systemProblems() {
  if (bringsNode()) return [];
  if (process.platform === 'darwin') {
    const runtimes = ['docker', 'podman', 'container', 'nerdctl'];
    if (runtimes.some((name) => findProgram(name, ['/opt/homebrew/bin', '/usr/local/bin']) !== null))
      return [];
    return [
      'macOS needs a container runtime (Docker Desktop, OrbStack, Podman) for the Dagger engine; none was found.',
    ];
  }
  if (process.platform === 'win32') return ['Windows is not supported directly: run it in WSL2.'];
  return [`${process.platform} on ${process.arch} is not supported: Linux on x64 or arm64, macOS, or WSL2.`];
}
