import { createWriteStream, mkdirSync } from 'node:fs';
import { getCompileCacheDir } from 'node:module';
import { dirname, join } from 'node:path';
import { environmentOfChildren, type Configuration } from '@nohands/config';
import { locateServiceHome } from '@nohands/embedded';
import type { MessageFromChild } from './child-protocol.ts';
import { DataFolderLock } from './data-folder-lock.ts';
import { prepareSampleRepository } from './sample-repository.ts';
import { prepareSecretKey } from './secret-key.ts';
import type { StopRequests } from './stop-requests.ts';
import { SupervisedChild } from './supervised-child.ts';
import { SupervisedDatabase } from './supervised-database.ts';

/** The programs of an installation, by absolute path. */
export type Programs = { readonly api: string; readonly worker: string };

export type ServerParts = {
  readonly programs: Programs;
  readonly migrate: (connectionString: string) => Promise<void>;
  /** Makes the unprivileged user of builds; null where builds run as this user. */
  readonly prepareBuildUser: () => Promise<string | null>;
  readonly say: (sentence: string) => void;
};

/** How long API and worker have to stop, in milliseconds. */
const graceMs = 15_000;

/** Starts everything, runs until asked to stop or given up, stops everything. Answers the exit code. */
export async function runServer(
  configuration: Configuration,
  parts: ServerParts,
  requests: StopRequests,
): Promise<number> {
  const lock = DataFolderLock.take(configuration.dataDir);
  if (!(lock instanceof DataFolderLock)) {
    const where = lock.address === null ? 'is just starting' : `runs at ${lock.address}`;
    parts.say(`NoHands already ${where} (process ${lock.pid}) with this data folder. Nothing was started.`);
    return 0;
  }
  try {
    return await new Server(configuration, parts, requests).run((address) => lock.announce(address));
  } finally {
    lock.release();
  }
}

class Server {
  readonly #configuration: Configuration;
  readonly #parts: ServerParts;
  readonly #requests: StopRequests;
  #exitCode = 0;
  #database: SupervisedDatabase | null = null;
  #children: SupervisedChild[] = [];

  constructor(configuration: Configuration, parts: ServerParts, requests: StopRequests) {
    this.#configuration = configuration;
    this.#parts = parts;
    this.#requests = requests;
  }

  async run(announce: (address: string) => void): Promise<number> {
    try {
      const environment = await this.#prepare();
      if (!this.#requests.stop.aborted) this.#startChildren(environment, announce);
      await untilAborted(this.#requests.stop);
    } finally {
      await this.#stopAll();
    }
    return this.#exitCode;
  }

  async #prepare(): Promise<Record<string, string>> {
    const { dataDir, databaseUrl, secretKey } = this.#configuration;
    for (const folder of ['git', 'storage', 'log'])
      mkdirSync(join(dataDir, folder), { recursive: true, mode: 0o700 });
    const buildStorage = join((await locateServiceHome(dataDir)).path, 'builds');
    mkdirSync(buildStorage, { recursive: true, mode: 0o700 });
    // Before the database: both make a system user, one after the other.
    const buildUser = await this.#parts.prepareBuildUser();
    const sample = prepareSampleRepository(dataDir);
    const database = databaseUrl === null ? this.#startDatabase() : Promise.resolve(databaseUrl);
    // Both have ended before a failure is reported: a database that is still starting could not be stopped.
    await Promise.allSettled([sample, database]);
    const [connectionString] = await Promise.all([database, sample]);
    await this.#parts.migrate(connectionString);
    const compileCache = getCompileCacheDir();
    return environmentOfChildren({
      DATA_DIR: dataDir,
      DATABASE_URL: connectionString,
      SECRET_KEY: secretKey ?? prepareSecretKey(dataDir),
      NOHANDS_BUILD_STORAGE: buildStorage,
      ...(compileCache === undefined ? {} : { NODE_COMPILE_CACHE: dirname(compileCache) }),
      ...(buildUser === null ? {} : { NOHANDS_BUILD_USER: buildUser }),
    });
  }

  async #startDatabase(): Promise<string> {
    const { dataDir } = this.#configuration;
    const log = createWriteStream(join(dataDir, 'log', 'postgres.log'), { mode: 0o600 });
    // Expected: a full disk. The database says so itself, and stopping because of its log would not help.
    log.on('error', () => undefined);
    this.#database = await SupervisedDatabase.start(
      { dataDir, onOutput: (text) => void log.write(text) },
      { say: this.#parts.say, givenUp: (sentence) => this.#giveUp(sentence) },
    );
    return this.#database.connectionString;
  }

  #startChildren(environment: Record<string, string>, announce: (address: string) => void): void {
    const { programs, say } = this.#parts;
    const api = { name: 'API', file: programs.api, environment, isEssential: true };
    const worker = { name: 'worker', file: programs.worker, environment, isEssential: false };
    const givenUp = (sentence: string): void => this.#giveUp(sentence);
    this.#children = [
      new SupervisedChild(api, { say, givenUp, message: (message) => this.#hearApi(message, announce) }),
      new SupervisedChild(worker, { say, givenUp, message: () => undefined }),
    ];
  }

  #hearApi(message: MessageFromChild, announce: (address: string) => void): void {
    if (message.ready && message.port !== undefined) {
      const address = this.#configuration.siteAddress(message.port);
      announce(address);
      this.#parts.say(`NoHands is ready: ${address}`);
    }
    if (message.setupUrl !== undefined) {
      this.#parts.say(`Create the first administrator (the link works once): ${message.setupUrl}`);
    }
  }

  #giveUp(sentence: string): void {
    this.#parts.say(sentence);
    this.#exitCode = 1;
    this.#requests.request();
  }

  /** API and worker first: they hand back their work while the database still answers. */
  async #stopAll(): Promise<void> {
    const { hurry } = this.#requests;
    if (this.#children.length > 0) this.#parts.say('Stopping.');
    await Promise.all(this.#children.map((child) => child.stop(graceMs, hurry)));
    await this.#database?.stop();
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
