import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

/** The program does not exist or may not be executed; `command` names it. */
export class ProgramNotFound extends Error {
  override readonly name = 'ProgramNotFound';
  readonly code = 'program_not_found';
  readonly command: string;

  constructor(command: string) {
    super(`The program "${command}" was not found. Install it, or name it by its absolute path.`);
    this.command = command;
  }
}

/** The program exists but could not be started (no such working directory, no right, no memory). */
export class ProgramNotStarted extends Error {
  override readonly name = 'ProgramNotStarted';
  readonly code = 'program_not_started';
}

/** The absolute path of `command` on `searchPath`, or null; an absolute path is only checked. */
export function findProgram(command: string, searchPath: string): string | null {
  if (isAbsolute(command)) return isExecutableFile(command) ? command : null;
  if (command === '' || command.includes('/')) return null;
  for (const directory of searchPath.split(delimiter)) {
    const candidate = join(directory, command);
    if (isAbsolute(directory) && isExecutableFile(candidate)) return candidate;
  }
  return null;
}

function isExecutableFile(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    // Expected: ENOENT, ENOTDIR, EACCES. All mean "not here".
    return false;
  }
}
