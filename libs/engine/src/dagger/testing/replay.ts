import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BuildRequest, BuildSink, EngineStepEnd, EngineStepStart } from '../../build-engine.js';

/** What the replayed CLI does; without anything it builds at once and says nothing. */
export type ReplayScenario = {
  /** Name of a file of `recordings/otlp`, posted while the build runs and when the session ends. */
  readonly otlp?: string;
  /** Name of a file of `recordings/graphql` whose last answer is given to the build. */
  readonly graphql?: string;
  readonly repeatsBatches?: boolean;
  /** Posts what the recording has of logs before all spans. */
  readonly logsFirst?: boolean;
  /** Never answers the build, until the session ends. */
  readonly stalls?: boolean;
  readonly neverConnects?: boolean;
  /** Does not end when its standard input closes, as the CLI of a dead engine. */
  readonly neverEnds?: boolean;
  readonly diesInBuild?: boolean;
  readonly refusesSecrets?: boolean;
  /** Says this on stderr and ends with exit code 1. */
  readonly endsAtStart?: string;
};

type ReplayReport = {
  readonly port: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly queries: readonly string[];
};

/** A replayed CLI in a folder of its own, beside an address where something listens as an engine would. */
export class Replay {
  private constructor(
    readonly folder: string,
    /** The program to use as the Dagger CLI. */
    readonly daggerBin: string,
    readonly engineHost: string,
    private readonly listener: Server,
  ) {}

  static async prepare(scenario: ReplayScenario): Promise<Replay> {
    const folder = await mkdtemp(join(tmpdir(), 'nohands-replay-'));
    const scenarioFile = join(folder, 'scenario.json');
    const { otlp, graphql, ...rest } = scenario;
    const files = {
      ...(otlp === undefined ? {} : { otlp: recording('otlp', otlp) }),
      ...(graphql === undefined ? {} : { graphql: recording('graphql', graphql) }),
    };
    await writeFile(
      scenarioFile,
      JSON.stringify({ ...rest, ...files, reportFile: join(folder, 'report.json') }),
    );
    const daggerBin = join(folder, 'dagger');
    const program = new URL('./replayed-dagger.mjs', import.meta.url).href;
    const script = `process.argv.splice(2, 0, ${JSON.stringify(scenarioFile)}); import(${JSON.stringify(program)});`;
    await writeFile(daggerBin, `#!${process.execPath}\n${script}\n`);
    await chmod(daggerBin, 0o755);
    const listener = createServer((socket) => socket.destroy()).listen(join(folder, 'engine.sock'));
    await once(listener, 'listening');
    return new Replay(folder, daggerBin, `unix://${join(folder, 'engine.sock')}`, listener);
  }

  /** What the CLI saw. Rejects when it was never started. */
  async report(): Promise<ReplayReport> {
    return JSON.parse(await readFile(join(this.folder, 'report.json'), 'utf8')) as ReplayReport;
  }

  /** A request to build the recorded Dockerfile from a context in this folder. */
  async request(changes: Partial<BuildRequest> = {}): Promise<BuildRequest> {
    const [contextDirectory, workDirectory] = [join(this.folder, 'context'), join(this.folder, 'work')];
    await mkdir(contextDirectory);
    await mkdir(workDirectory);
    await copyFile(
      new URL('../recordings/Dockerfile', import.meta.url),
      join(contextDirectory, 'Dockerfile'),
    );
    return {
      buildId: 1,
      attempt: 1,
      repositoryId: 1,
      contextDirectory,
      workDirectory,
      dockerfilePath: 'Dockerfile',
      target: 'app',
      buildArguments: {},
      labels: {},
      layoutDirectory: join(this.folder, 'layout'),
      pullCredentials: [],
      ...changes,
    };
  }

  async remove(): Promise<void> {
    this.listener.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}

function recording(kind: 'otlp' | 'graphql', name: string): string {
  return fileURLToPath(new URL(`../recordings/${kind}/${name}.json`, import.meta.url));
}

/** A sink that keeps all it is told; `onOutput` sees every piece of output when it comes. */
export class RecordingSink implements BuildSink {
  readonly started: EngineStepStart[] = [];
  readonly ended: EngineStepEnd[] = [];
  /** In the order of the calls: `start 1`, `stdout 1`, `end 1`. */
  readonly calls: string[] = [];
  private readonly texts = new Map<string, string>();

  constructor(private readonly onOutput: (text: string) => void = () => undefined) {}

  stepStarted(step: EngineStepStart): void {
    this.started.push(step);
    this.calls.push(`start ${step.number}`);
  }

  stepEnded(step: EngineStepEnd): void {
    this.ended.push(step);
    this.calls.push(`end ${step.number}`);
  }

  output(step: number | null, stream: string, bytes: Uint8Array): void {
    const key = `${stream} ${step}`;
    const text = Buffer.from(bytes).toString('utf8');
    this.calls.push(key);
    this.texts.set(key, this.text(key) + text);
    this.onOutput(text);
  }

  /** All text of one stream of one step, `stdout 3`. */
  text(key: string): string {
    return this.texts.get(key) ?? '';
  }
}
