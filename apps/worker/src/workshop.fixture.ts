import { fork, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, readdirSync, readFileSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import {
  BuildLogsStore,
  BuildsStore,
  CommitsStore,
  createDataSource,
  decodeChunk,
  migrateDatabase,
  NoticeListener,
  RepositoriesStore,
  SettingsStore,
  WorkersStore,
  type BuildRow,
  type LogRecord,
  type NewBuild,
} from '@nohands/database';
import { system } from '@nohands/domain';
import { prepareBuildUser } from '@nohands/engine';
import { createTestDatabase, GitFixture, temporaryDirectory } from '@nohands/testing';

const principal = system('test');
const program = join(import.meta.dirname, '..', 'dist', 'main.js');

/** The SECRET_KEY of the workers. */
export const workshopKey = 'a-key-of-the-tests-that-is-long-enough-0123456789';

export type WorkshopOptions = {
  readonly redisUrl?: string;
  readonly limit?: number;
  readonly environment?: Record<string, string>;
};

/** A real database, real git repositories and real worker processes; for specs only. */
export class Workshop {
  /** Every worker process that was started, ended ones too. */
  readonly workers: ChildProcess[] = [];
  /** All that they wrote to stdout and stderr. */
  output = '';
  readonly #waiting = new Set<() => void>();

  private constructor(
    readonly stores: {
      builds: BuildsStore;
      logs: BuildLogsStore;
      repositories: RepositoriesStore;
      commits: CommitsStore;
      workers: WorkersStore;
    },
    readonly folder: string,
    private readonly options: WorkshopOptions & { readonly databaseUrl: string },
    private readonly cleanUp: () => Promise<void>,
  ) {}

  static async open(options: WorkshopOptions = {}): Promise<Workshop> {
    const database = await createTestDatabase();
    await migrateDatabase(database.connectionString);
    const dataSource = await createDataSource(database.connectionString, { poolSize: 4 }).initialize();
    await new SettingsStore(dataSource).insertIfAbsent(
      principal,
      'max_concurrent_builds',
      options.limit ?? 2,
    );
    const folder = await temporaryDirectory();
    await chmod(folder.path, 0o711);
    if (process.getuid?.() === 0) await prepareBuildUser();
    const stores = {
      builds: new BuildsStore(dataSource),
      logs: new BuildLogsStore(dataSource),
      repositories: new RepositoriesStore(dataSource),
      commits: new CommitsStore(dataSource),
      workers: new WorkersStore(dataSource),
    };
    const wake = (): void => workshop.#wake();
    const listener = new NoticeListener(database.connectionString, { notice: wake, reconnected: wake });
    const workshop = new Workshop(
      stores,
      folder.path,
      { ...options, databaseUrl: database.connectionString },
      async () => {
        await listener.close();
        await dataSource.destroy();
        await database.drop();
        await folder.remove();
      },
    );
    await listener.start();
    return workshop;
  }

  get databaseUrl(): string {
    return this.options.databaseUrl;
  }

  /** Starts a worker process and resolves when it takes tickets; `over` goes over the workshop's environment. */
  async startWorker(over: Record<string, string> = {}): Promise<ChildProcess> {
    const { databaseUrl, redisUrl, environment } = this.options;
    const worker = fork(program, [], {
      execArgv: [],
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: {
        PATH: process.env['PATH'] ?? '',
        DATABASE_URL: databaseUrl,
        DATA_DIR: join(this.folder, 'data'),
        SECRET_KEY: workshopKey,
        BUILD_ENGINE: 'buildah',
        GIT_ALLOW_LOCAL: 'true',
        ...(redisUrl === undefined ? {} : { REDIS_URL: redisUrl }),
        ...environment,
        ...over,
      },
    });
    this.workers.push(worker);
    for (const stream of [worker.stdout, worker.stderr])
      stream?.on('data', (bytes: Buffer) => (this.output += bytes.toString()));
    await new Promise<void>((resolve, reject) => {
      worker.once('message', () => resolve());
      worker.once('exit', (code) => reject(new Error(`The worker ended with ${code}:\n${this.output}`)));
    });
    return worker;
  }

  /** A repository with one commit, known to the database by a refresh of a worker. */
  async makeRepository(
    name: string,
    files: Record<string, string>,
  ): Promise<{ git: GitFixture; repositoryId: number; commitId: number }> {
    const git = new GitFixture(join(this.folder, name));
    git.commit('a shell', { busybox: readFileSync('/bin/busybox') });
    chmodSync(join(git.directory, 'busybox'), 0o755);
    git.commit('first', files);
    const repository = await this.stores.repositories.create(principal, { name, url: git.directory });
    const commit = await this.until(() =>
      this.stores.commits.findBySha(principal, repository.id, git.git('rev-parse', 'HEAD')),
    );
    return { git, repositoryId: repository.id, commitId: commit.id };
  }

  async trigger(
    place: { repositoryId: number; commitId: number },
    over: Partial<NewBuild> = {},
  ): Promise<number> {
    const { repositoryId, commitId } = place;
    const build = {
      repositoryId,
      commitId,
      ref: null,
      branchName: 'main',
      pushToRegistry: false,
      timeoutSeconds: 120,
      imageTag: 'test:1',
    };
    return this.stores.builds.trigger(principal, { ...build, ...over });
  }

  cancel(id: number): Promise<void> {
    return this.stores.builds.requestCancel(principal, id);
  }

  /** Resolves when the build has ended (and, unless told otherwise, its log is sealed). */
  async ended(id: number): Promise<BuildRow> {
    return this.until(async () => {
      const build = await this.stores.builds.find(principal, id);
      return build !== null && build.logSha256 !== null ? build : null;
    });
  }

  async running(id: number, attempt: number): Promise<BuildRow> {
    return this.until(async () => {
      const build = await this.stores.builds.find(principal, id);
      return build?.status === 'running' && build.attempt === attempt ? build : null;
    });
  }

  /** The worker process that has the build in hand. */
  async holderOf(id: number): Promise<ChildProcess> {
    const rows = await this.stores.workers.list(principal);
    const pid = rows.find(({ builds }) => builds.includes(id))?.pid;
    const holder = this.workers.find((worker) => worker.pid === pid);
    if (holder === undefined) throw new Error(`No worker holds build ${id}.`);
    return holder;
  }

  /** Resolves when a line of the build's log matches. */
  async line(id: number, pattern: RegExp): Promise<LogRecord> {
    return this.until(
      async () =>
        (await this.records(id)).find((record) => 'line' in record && pattern.test(record.line.text)) ?? null,
    );
  }

  async records(id: number): Promise<LogRecord[]> {
    const records: LogRecord[] = [];
    for (let after = 0; ;) {
      const chunks = await this.stores.logs.read(principal, id, after);
      const last = chunks.at(-1);
      if (last === undefined) return records;
      records.push(...chunks.flatMap((chunk) => decodeChunk(chunk)));
      after = last.nextLine - 1;
    }
  }

  async texts(id: number): Promise<string[]> {
    return (await this.records(id)).map((record) => ('line' in record ? record.line.text : 'omitted'));
  }

  /** SHA-256 of the log text as stored. */
  async logSha256(id: number): Promise<string> {
    const hash = createHash('sha256');
    for (const chunk of await this.stores.logs.read(principal, id, 0, 10_000)) hash.update(chunk.text);
    return hash.digest('hex');
  }

  /** Asks again at every notice of the database until there is an answer. */
  async until<Answer>(ask: () => Promise<Answer | null>): Promise<Answer> {
    for (;;) {
      const woken = new Promise<void>((resolve) => this.#waiting.add(resolve));
      const answer = await ask();
      if (answer !== null) return answer;
      await woken;
    }
  }

  async close(): Promise<void> {
    for (const worker of this.workers) await end(worker, 'SIGKILL');
    await this.cleanUp();
  }

  #wake(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const resolve of waiting) resolve();
  }
}

/** Ends a process and resolves when it is gone. */
export function end(worker: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (worker.exitCode !== null || worker.signalCode !== null) return Promise.resolve(worker.exitCode);
  const gone = new Promise<number | null>((resolve) => worker.once('exit', (code) => resolve(code)));
  worker.kill(signal);
  return gone;
}

/** Processes on this machine whose arguments hold the text. */
export function processesWith(text: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ').includes(text);
      } catch {
        // It ended between the two looks.
        return false;
      }
    })
    .map(Number);
}
