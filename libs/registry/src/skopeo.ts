import { baseEnvironment, ProgramNotFound, runProgram, type ProgramResult } from '@nohands/process';
import { randomUUID } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isInsecure } from '@nohands/domain';
import { pushErrorOf, saysNotFound, tooSlowError, unavailableError } from './push-error.js';
import type { RegistryAccess } from './registry-access.js';

/** One sitting with skopeo: an auth file, a deadline, typed errors. */
export class Skopeo {
  private readonly endsAt: number;

  private constructor(
    private readonly access: RegistryAccess,
    private readonly authFile: string,
  ) {
    this.endsAt = performance.now() + access.deadlineMs;
  }

  /** Runs `work`; the auth file lives no longer than it. */
  static async with<T>(access: RegistryAccess, work: (skopeo: Skopeo) => Promise<T>): Promise<T> {
    const authFile = join(access.workDirectory, `registry-auth-${randomUUID()}.json`);
    // Written without credentials too: skopeo would else look for those of the user it runs as.
    await writeFile(authFile, authContent(access), { mode: 0o600, flag: 'wx' });
    try {
      return await work(new Skopeo(access, authFile));
    } finally {
      await rm(authFile, { force: true });
    }
  }

  /** Copies the image of a layout, all its platforms, byte by byte as it is. Rejects with `BuildError`. */
  async copy(layoutDirectory: string, reference: string): Promise<void> {
    const options = ['--all', '--preserve-digests', '--dest-authfile', this.authFile];
    if (this.isInsecure()) options.push('--dest-tls-verify=false');
    // The layout as working directory: a path with a colon would read as a tag.
    const result = await this.run(['copy', ...options, 'oci:.', `docker://${reference}`], layoutDirectory);
    if (result.exitCode !== 0) throw pushErrorOf(this.access, result.stderr);
  }

  /** The bytes of a manifest or index, or null when the registry does not have it. Rejects with `BuildError`. */
  async readManifest(reference: string): Promise<Buffer | null> {
    const options = ['--raw', '--authfile', this.authFile];
    if (this.isInsecure()) options.push('--tls-verify=false');
    const result = await this.run(
      ['inspect', ...options, `docker://${reference}`],
      this.access.workDirectory,
    );
    if (result.exitCode === 0) return result.stdout;
    if (saysNotFound(result.stderr)) return null;
    throw pushErrorOf(this.access, result.stderr);
  }

  private isInsecure(): boolean {
    return isInsecure(this.access.registry.host, this.access.insecureRegistries);
  }

  private async run(args: readonly string[], cwd: string): Promise<ProgramResult> {
    const { workDirectory, signal, environment } = this.access;
    const deadlineMs = Math.floor(this.endsAt - performance.now());
    if (deadlineMs <= 0) throw tooSlowError(this.access);
    const result = await runProgram({
      command: 'skopeo',
      // Signatures are judged where images are pulled; what is pushed here was built here.
      args: ['--insecure-policy', ...args],
      cwd,
      environment: baseEnvironment({ ...environment, HOME: workDirectory, TMPDIR: workDirectory }),
      deadlineMs,
      tied: { endSignal: 'SIGKILL' },
      ...(signal === undefined ? {} : { signal }),
    }).catch((error: unknown) => {
      throw error instanceof ProgramNotFound ? unavailableError() : error;
    });
    if (result.timedOut) throw tooSlowError(this.access);
    return result;
  }
}

function authContent({ registry, credentials }: RegistryAccess): string {
  if (credentials === null) return JSON.stringify({ auths: {} });
  const auth = Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64');
  return JSON.stringify({ auths: { [registry.host]: { auth } } });
}
