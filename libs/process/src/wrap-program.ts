import { spawnSync } from 'node:child_process';
import { ProgramNotFound, findProgram } from './find-program.js';
import type { ProgramRequest } from './program.js';

/** What to hand to the system: the program itself, or the program behind what ties it to this process. */
export type WrappedProgram = {
  readonly file: string;
  readonly args: readonly string[];
  /** Set where the system itself must change the user (no wrapper does it). */
  readonly user: ProgramRequest['user'];
  readonly isNamespaced: boolean;
};

const systemPath = '/usr/sbin:/usr/bin:/sbin:/bin';

/** Decides how a request is started. Throws `ProgramNotFound`. */
export function wrapProgram(request: ProgramRequest): WrappedProgram {
  const file = findProgram(request.command, request.environment['PATH'] ?? '');
  if (file === null) throw new ProgramNotFound(request.command);
  const setpriv = request.tied === undefined ? null : findProgram('setpriv', systemPath);
  if (request.tied === undefined || setpriv === null) {
    return { file, args: request.args, user: request.user, isNamespaced: false };
  }
  const deathSignal = request.tied.endSignal.slice('SIG'.length);
  const program = [file, ...request.args];
  if (!canUsePidNamespace()) {
    const args = ['--pdeathsig', deathSignal, '--', ...program];
    return { file: setpriv, args, user: request.user, isNamespaced: false };
  }
  // The outer death signal goes to `unshare` and is final; the inner one reaches the program. It is set last, because
  // the kernel clears it when the user changes.
  const inner = [setpriv, ...changeUser(request.user), '--pdeathsig', deathSignal, '--', ...program];
  const unshare = [...unshareCommand(), `--kill-child=${request.tied.endSignal}`, '--', ...inner];
  return {
    file: setpriv,
    args: ['--pdeathsig', 'KILL', '--', ...unshare],
    user: undefined,
    isNamespaced: true,
  };
}

let pidNamespace: boolean | undefined;

/** True where this process may give a program a pid namespace of its own (root on Linux, allowed by the kernel). */
export function canUsePidNamespace(): boolean {
  pidNamespace ??= tryPidNamespace();
  return pidNamespace;
}

function tryPidNamespace(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  const [unshare, ...args] = unshareCommand();
  if (unshare === undefined) return false;
  const tried = spawnSync(unshare, [...args, '--', '/bin/true'], {
    env: {},
    stdio: 'ignore',
    timeout: 5_000,
  });
  return tried.status === 0;
}

function unshareCommand(): string[] {
  const unshare = findProgram('unshare', systemPath);
  return unshare === null
    ? []
    : [
        unshare,
        '--mount',
        '--propagation',
        'private',
        '--cgroup',
        '--ipc',
        '--pid',
        '--fork',
        '--mount-proc',
      ];
}

function changeUser(user: ProgramRequest['user']): string[] {
  if (user === undefined) return [];
  return ['--reuid', String(user.uid), '--regid', String(user.gid), '--clear-groups'];
}
