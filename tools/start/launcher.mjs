// The first half of `npm start`, `npm run backup`, `restore` and `reset`: plain JavaScript for whatever Node the user
// has (20.19 or newer). It makes the clone runnable and hands over to start.ts, run by the pinned Node.
// Of the environment it reads only NOHANDS_INSTALL_ENGINE, CI and PATH.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { fileURLToPath } from 'node:url';
import { buildIfNeeded } from './launcher/build.mjs';
import { checkMachine } from './launcher/checks.mjs';
import { offerEngine } from './launcher/engine.mjs';
import { installIfNeeded, pinnedNode } from './launcher/install.mjs';
import { withPrepareLock } from './launcher/prepare-lock.mjs';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const [command = 'start', ...rest] = process.argv.slice(2);

/** An Error with this name is a sentence for people; others are shown with their stack. */
function explain(error) {
  return error instanceof Error
    ? error.name === 'LauncherError'
      ? error.message
      : error.stack
    : String(error);
}

async function main() {
  checkMachine(root);
  await withPrepareLock(root, async () => {
    await installIfNeeded(root);
    await buildIfNeeded(root);
  });
  if (command === 'start') await offerEngine(root);
  if (command === 'reset' && !(await isResetWanted())) return 1;
  return handOver();
}

async function isResetWanted() {
  if (rest.includes('--yes') || !process.stdin.isTTY) return true;
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question(
    'This removes the data folder with all builds, logs and images. Type "yes": ',
  );
  terminal.close();
  return answer.trim() === 'yes';
}

/** Runs start.ts and passes on every wish to stop; answers its exit code. */
function handOver() {
  const file = join(root, '.env');
  const options = [
    '--disable-warning=ExperimentalWarning',
    ...(existsSync(file) ? [`--env-file=${file}`] : []),
  ];
  const child = spawn(
    pinnedNode(root),
    [...options, join(root, 'tools', 'start', 'start.ts'), command, ...rest],
    {
      // A session of its own: Ctrl-C reaches this process only, and start.ts stops things in order. When this process
      // is killed the channel closes, and start.ts stops too.
      detached: true,
      // Compiled modules are kept: a warm start is mostly loading code. start.ts hands the folder on to API and worker.
      env: { ...process.env, NODE_COMPILE_CACHE: join(root, 'node_modules', '.cache', 'nohands', 'compile') },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    },
  );
  const stop = () => void (child.connected && child.send('stop', () => undefined));
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, stop);
  const watch = stopWithNpm(stop);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      clearInterval(watch);
      if (signal !== null) console.error(`NoHands was ended by ${signal}.`);
      resolve(code ?? 1);
    });
  });
}

/** `kill -9` of npm sends nothing to its child: only the changed parent tells. */
function stopWithNpm(stop) {
  const parent = process.ppid;
  if (!isNpm(parent)) return undefined;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    stop();
  }, 500);
  return watch.unref();
}

function isNpm(pid) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('npm');
  } catch {
    return false; // Expected: no /proc, or the parent has just ended
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(explain(error));
  process.exitCode = 1;
}
