import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The absolute path of a program on PATH (or in `extra` folders), or null. */
export function findProgram(name, extra = []) {
  for (const folder of [...(process.env.PATH ?? '').split(delimiter), ...extra]) {
    const path = join(folder || '.', name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Expected: not in this folder
    }
  }
  return null;
}

/** Runs a program to its end, quietly; answers its exit code and the last lines of its output. Ends with this process. */
export function run(file, args, options) {
  const child = spawn(file, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  const end = () => {
    child.kill('SIGTERM');
    process.exit(1);
  };
  const signals = ['SIGTERM', 'SIGINT', 'SIGHUP'];
  for (const signal of signals) process.once(signal, end);
  child.once('close', () => {
    for (const signal of signals) process.off(signal, end);
  });
  let tail = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => (tail = (tail + text).slice(-8192)));
  }
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ code: 1, tail: error.message }));
    child.once('close', (code) => resolve({ code: code ?? 1, tail: tail.trim() }));
  });
}
