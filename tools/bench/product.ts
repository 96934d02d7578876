import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { locateServiceHome, removeOutsideHome } from '@nohands/embedded';
import { BuildStates } from './build-states.ts';

type Json = Record<string, unknown>;

export const account = { email: 'bench@example.org', password: 'a password for the benches 4711' };

/** NoHands as `npm start` runs it, in a data folder of its own, on a free port. */
export class Product {
  readonly token = `nh_${'bench'.repeat(9)}`;
  readonly dataDir = mkdtempSync(join(tmpdir(), 'nohands-bench-'));
  readonly #environment: Readonly<Record<string, string>>;
  readonly #output: string[] = [];
  #process: ChildProcess | null = null;
  #address = '';
  #states: BuildStates | null = null;

  constructor(environment: Readonly<Record<string, string>>) {
    this.#environment = environment;
  }

  get address(): string {
    return this.#address;
  }

  /** Resolves when a build could start. */
  async start(): Promise<void> {
    const program = join(import.meta.dirname, '..', 'start', 'start.ts');
    const args = ['--disable-warning=ExperimentalWarning', program, 'start'];
    const started = spawn(process.execPath, args, {
      env: this.#environmentOfStart(),
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#process = started;
    this.#address = await this.#untilReady(started);
    await this.#until(async () => (await fetch(`${this.#address}/readyz?builds=1`)).ok);
    this.#states = await BuildStates.open(this.#address, this.token);
  }

  /** Id of the repository, and ids of its commits by SHA. */
  async addRepository(
    url: string,
  ): Promise<{ readonly id: number; readonly commits: ReadonlyMap<string, number> }> {
    const { id } = await this.call('POST', '/api/repositories/', { name: 'bench', url });
    await this.#until(
      async () => (await this.call('GET', `/api/repositories/${id}/`))['refresh_status'] !== 'running',
    );
    const commits = new Map<string, number>();
    let next: string | null = `/api/commits/?repository=${id}&limit=100`;
    while (next !== null) {
      const page: Json = await this.call('GET', next);
      for (const commit of page['results'] as { id: number; sha: string }[])
        commits.set(commit.sha, commit.id);
      const address = page['next'] as string | null;
      next = address === null ? null : new URL(address, this.#address).href.slice(this.#address.length);
    }
    return { id: Number(id), commits };
  }

  async trigger(repositoryId: number, commitId: number): Promise<number> {
    const build = await this.call('POST', '/api/builds/trigger/', {
      repository_id: repositoryId,
      commit_id: commitId,
    });
    return Number(build['id']);
  }

  /** Resolves at the moment when the final state is seen by a client; rejects when it is not success. */
  async succeeded(buildId: number): Promise<void> {
    const status = await this.#states?.final(buildId);
    if (status === 'success') return;
    const { error_message: message, error_detail: detail } = await this.call(
      'GET',
      `/api/builds/${buildId}/`,
    );
    throw new Error(`Build ${buildId} ended as ${status}: ${String(message)}\n${String(detail)}`);
  }

  /** Resolves when a reader of the log is told that it has ended. */
  async sealed(buildId: number): Promise<void> {
    for await (const record of this.follow(buildId)) if (record['end'] === true) return;
    throw new Error(`The log of build ${buildId} ended without an end record.`);
  }

  /** Records of a log as they come, until the end record. */
  async *follow(buildId: number): AsyncGenerator<Json> {
    const response = await fetch(`${this.#address}/api/builds/${buildId}/logs?follow=true`, {
      headers: { authorization: `Bearer ${this.token}`, accept: 'application/x-ndjson' },
    });
    if (response.body === null) throw new Error('The log has no body.');
    let rest = '';
    for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) yield JSON.parse(line) as Json;
    }
  }

  async call(method: string, path: string, body?: Json): Promise<Json> {
    const response = await fetch(`${this.#address}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as Json;
  }

  /** Where the reference may work: on the disk that the product's builds use. */
  async referenceFolder(): Promise<string> {
    return join((await locateServiceHome(this.dataDir)).path, 'by-hand');
  }

  mirrorOf(repositoryId: number): string {
    return join(this.dataDir, 'git', String(repositoryId));
  }

  async stopAndRemove(): Promise<void> {
    this.#states?.close();
    const running = this.#process;
    if (running !== null && running.exitCode === null && running.signalCode === null) {
      const gone = once(running, 'exit');
      running.kill('SIGTERM');
      await gone;
    }
    await removeOutsideHome(this.dataDir);
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  #environmentOfStart(): Record<string, string> {
    return {
      PATH: process.env['PATH'] ?? '',
      HOME: process.env['HOME'] ?? '/',
      DATA_DIR: this.dataDir,
      PORT: '0',
      GIT_ALLOW_LOCAL: 'true',
      ADMIN_EMAIL: account.email,
      ADMIN_PASSWORD: account.password,
      ADMIN_TOKEN: this.token,
      ...this.#environment,
    };
  }

  async #untilReady(started: ChildProcess): Promise<string> {
    const ready = new Promise<string>((resolve, reject) => {
      started.once('exit', (code) =>
        reject(new Error(`NoHands ended with ${code}:\n${this.#output.join('\n')}`)),
      );
      for (const stream of [started.stdout, started.stderr]) {
        if (stream === null) continue;
        createInterface({ input: stream }).on('line', (line) => {
          this.#output.push(line);
          const address = /ready: (\S+)/.exec(line)?.[1];
          if (address !== undefined) resolve(address);
        });
      }
    });
    return ready;
  }

  /** Before anything is measured: for what HTTP tells only when asked. */
  async #until(ask: () => Promise<boolean>): Promise<void> {
    while (!(await ask())) {
      if (this.#process?.exitCode !== null) throw new Error(`NoHands ended:\n${this.#output.join('\n')}`);
    }
  }
}
