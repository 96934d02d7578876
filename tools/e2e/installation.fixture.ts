import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { removeOutsideHome } from '@nohands/embedded';

const root = join(import.meta.dirname, '..', '..');

export type Json = Record<string, unknown>;
export type Answer = { readonly status: number; readonly body: Json; readonly headers: Headers };

/** NoHands as `npm start` runs it, in a data folder of its own, on a free port; for specs only. */
export class Installation {
  readonly dataDir = mkdtempSync(join(tmpdir(), 'nohands-e2e-'));
  readonly adminToken = `nh_${'e2e'.repeat(14)}`;
  readonly output: string[] = [];
  address = '';
  setupLink: string | null = null;
  #process: ChildProcess | null = null;

  constructor(private readonly environment: Readonly<Record<string, string>> = {}) {}

  /** Resolves when the server says that it is ready; with `builds`, when a build could start. */
  async start(options: { readonly builds?: boolean; readonly withAdmin?: boolean } = {}): Promise<this> {
    const { builds = true, withAdmin = true } = options;
    const admin = {
      ADMIN_EMAIL: 'admin@example.org',
      ADMIN_PASSWORD: 'correct horse battery staple 4711',
      ADMIN_TOKEN: this.adminToken,
    };
    this.#process = spawn(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', join(root, 'tools', 'start', 'start.ts'), 'start'],
      {
        env: {
          PATH: process.env['PATH'] ?? '',
          HOME: process.env['HOME'] ?? '/',
          DATA_DIR: this.dataDir,
          PORT: '0',
          ...(withAdmin ? admin : {}),
          ...this.environment,
        },
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      },
    );
    const started = this.#process;
    for (const stream of [started.stdout, started.stderr]) {
      if (stream !== null) createInterface({ input: stream }).on('line', (line) => this.output.push(line));
    }
    await this.#untilSaid(started, withAdmin ? /ready: (\S+)/ : /\/setup#token=/);
    this.address = this.#said(/ready: (\S+)/) ?? '';
    this.setupLink = this.#said(/(http\S+\/setup#token=\S+)/);
    if (builds) await this.untilBuildsAreReady();
    return this;
  }

  /** `npm start`'s process; its children are found by `childPids`. */
  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  /** Pids of the processes of this installation whose arguments hold `text`. */
  pids(text: string): number[] {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name) && isOf(name, text, this.dataDir))
      .map(Number);
  }

  async request(
    method: string,
    path: string,
    options: { body?: Json; token?: string | null } = {},
  ): Promise<Answer> {
    const { body, token = this.adminToken } = options;
    const response = await fetch(`${this.address}${path}`, {
      method,
      headers: {
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = /json/.test(response.headers.get('content-type') ?? '');
    return {
      status: response.status,
      headers: response.headers,
      body: isJson ? (JSON.parse(text) as Json) : { text },
    };
  }

  async get(path: string): Promise<Json> {
    const { status, body } = await this.request('GET', path);
    if (status !== 200) throw new Error(`GET ${path}: ${status} ${JSON.stringify(body)}`);
    return body;
  }

  async results(path: string): Promise<Json[]> {
    return (await this.get(path))['results'] as Json[];
  }

  async trigger(body: Json): Promise<number> {
    const answer = await this.request('POST', '/api/builds/trigger/', { body });
    if (answer.status !== 201) throw new Error(`trigger: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body['id'] as number;
  }

  /** Lines of a log as they come, by HTTP follow, until the end; then the end record. */
  async *follow(id: number): AsyncGenerator<Json> {
    const response = await fetch(`${this.address}/api/builds/${id}/logs?follow=true`, {
      headers: { authorization: `Bearer ${this.adminToken}`, accept: 'application/x-ndjson' },
    });
    if (response.body === null) throw new Error('no body');
    let rest = '';
    for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) yield JSON.parse(line) as Json;
    }
  }

  /** Resolves with the build once it has ended and its log is sealed, following its log. */
  async ended(id: number): Promise<Json> {
    for (;;) {
      for await (const record of this.follow(id))
        if (record['end'] === true) return this.get(`/api/builds/${id}/`);
    }
  }

  /** Resolves when a line of the build matches. */
  async line(id: number, pattern: RegExp): Promise<void> {
    for await (const record of this.follow(id)) if (pattern.test(String(record['text']))) return;
    throw new Error(`Build ${id} ended without a line like ${pattern}`);
  }

  /** A repository by its address, once its first refresh has ended. */
  async addRepository(name: string, url: string): Promise<Json> {
    const answer = await this.request('POST', '/api/repositories/', { body: { name, url } });
    if (answer.status !== 201) throw new Error(`repository: ${answer.status} ${JSON.stringify(answer.body)}`);
    return this.refreshed(answer.body['id'] as number);
  }

  async refreshed(id: number): Promise<Json> {
    return this.#poll(async () => {
      const repository = await this.get(`/api/repositories/${id}/`);
      return repository['refresh_status'] === 'running' || repository['refreshed_at'] === null
        ? null
        : repository;
    });
  }

  async untilBuildsAreReady(): Promise<void> {
    await this.#poll(async () =>
      (await this.request('GET', '/readyz?builds=1', { token: null })).status === 200 ? true : null,
    );
  }

  /** Ends `npm start` in good order and answers its exit code. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    const running = this.#process;
    this.#process = null;
    if (running === null || running.exitCode !== null || running.signalCode !== null)
      return running?.exitCode ?? null;
    const gone = once(running, 'exit');
    running.kill(signal);
    const [code] = (await gone) as [number | null];
    return code;
  }

  async remove(): Promise<void> {
    await this.stop();
    await removeOutsideHome(this.dataDir);
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  #said(pattern: RegExp): string | null {
    return (
      this.output.map((line) => pattern.exec(line)?.[1]).findLast((found) => found !== undefined) ?? null
    );
  }

  async #untilSaid(started: ChildProcess, pattern: RegExp): Promise<void> {
    const from = this.output.length;
    for (;;) {
      if (this.output.slice(from).some((line) => pattern.test(line))) return;
      if (started.exitCode !== null)
        throw new Error(`The server ended with ${started.exitCode}:\n${this.output.join('\n')}`);
      await Promise.race([once(started.stdout ?? started, 'data'), once(started, 'exit')]);
    }
  }

  /** For what HTTP tells only when asked: each question waits for the answer before. */
  async #poll<Result>(ask: () => Promise<Result | null>): Promise<Result> {
    for (;;) {
      const answer = await ask();
      if (answer !== null) return answer;
    }
  }
}

function isOf(pid: string, text: string, dataDir: string): boolean {
  try {
    if (!readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(text)) return false;
    return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(dataDir);
  } catch {
    // It ended between the two looks.
    return false;
  }
}
