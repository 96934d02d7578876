import { baseEnvironment, runProgram } from '@nohands/process';
import { EmbeddedError } from './embedded-errors.js';

export type ServiceUser = { readonly uid: number; readonly gid: number };

/**
 * The system user of that name, made where it does not exist; safe to repeat and to race. Null when this process is
 * not root: services then run as its own user. Throws `EmbeddedError` (`service_user_missing`).
 */
export async function prepareServiceUser(name: string): Promise<ServiceUser | null> {
  if (process.getuid?.() !== 0) return null;
  const existing = await findUser(name);
  if (existing !== null) return existing;
  const home = ['--no-create-home', '--home-dir', '/nonexistent', '--shell', '/usr/sbin/nologin'];
  const args = ['--system', '--user-group', ...home, '--', name];
  const made = await runProgram({ command: 'useradd', args, environment: baseEnvironment() }).catch(
    () => null,
  );
  // Another process may have been faster: only what is there afterwards counts.
  const user = await findUser(name);
  if (user !== null) return user;
  throw new EmbeddedError(
    'service_user_missing',
    `The system user "${name}" could not be made (${made?.stderr.trim() || 'useradd was not found'}). ` +
      `As root run: useradd --system --user-group --shell /usr/sbin/nologin ${name}`,
  );
}

async function findUser(name: string): Promise<ServiceUser | null> {
  const uid = await readId('-u', name);
  const gid = await readId('-g', name);
  return uid === null || gid === null ? null : { uid, gid };
}

async function readId(option: '-u' | '-g', name: string): Promise<number | null> {
  const result = await runProgram({
    command: 'id',
    args: [option, '--', name],
    environment: baseEnvironment(),
  });
  const text = result.stdout.toString('utf8').trim();
  return result.exitCode === 0 && /^\d+$/.test(text) ? Number(text) : null;
}
