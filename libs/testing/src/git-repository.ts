import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export type FixtureFile = string | Buffer | { readonly link: string } | { readonly executable: string };

/** A git repository made for a test: its own names and clock, nobody's configuration. */
export class GitFixture {
  private seconds = 1_700_000_000;

  constructor(readonly directory: string) {
    mkdirSync(directory, { recursive: true });
    this.git('init', '--quiet', '--initial-branch=main');
    // What a public server answers to: any commit by its SHA.
    this.git('config', 'uploadpack.allowAnySHA1InWant', 'true');
  }

  /** Runs git in the repository and gives its output without the last line end. */
  git(...args: readonly string[]): string {
    return this.gitWith({ args });
  }

  /** As `git`, with standard input or more environment. */
  gitWith(call: {
    readonly args: readonly string[];
    readonly input?: Buffer | string;
    readonly env?: Record<string, string>;
  }): string {
    const output = execFileSync('git', [...call.args], {
      cwd: this.directory,
      input: call.input ?? '',
      stdio: ['pipe', 'pipe', 'pipe'],
      maxBuffer: 64 * 1024 * 1024,
      env: { ...this.environment(), ...call.env },
    });
    return output.toString('utf8').replace(/\n$/, '');
  }

  /** Adds files, commits them on the current branch and gives the SHA; each commit is a minute after the last. */
  commit(message: string, files: Readonly<Record<string, FixtureFile | null>> = {}): string {
    for (const [path, file] of Object.entries(files)) this.write(path, file);
    this.git('add', '--all', '--force');
    this.seconds += 60;
    this.gitWith({
      args: ['commit', '--quiet', '--allow-empty', '--cleanup=verbatim', '--file=-'],
      input: message,
    });
    return this.git('rev-parse', 'HEAD');
  }

  private write(path: string, file: FixtureFile | null): void {
    const full = join(this.directory, path);
    rmSync(full, { force: true, recursive: true });
    if (file === null) return;
    mkdirSync(dirname(full), { recursive: true });
    if (typeof file === 'string' || Buffer.isBuffer(file)) writeFileSync(full, file);
    else if ('link' in file) symlinkSync(file.link, full);
    else {
      writeFileSync(full, file.executable);
      chmodSync(full, 0o755);
    }
  }

  private environment(): Record<string, string> {
    const date = `${this.seconds} +0000`;
    return {
      PATH: process.env['PATH'] ?? '',
      HOME: this.directory,
      LC_ALL: 'C.UTF-8',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_AUTHOR_NAME: 'Ada Author',
      GIT_AUTHOR_EMAIL: 'ada@example.org',
      GIT_AUTHOR_DATE: date,
      GIT_COMMITTER_NAME: 'Carl Committer',
      GIT_COMMITTER_EMAIL: 'carl@example.org',
      GIT_COMMITTER_DATE: date,
    };
  }
}
