import { firstLine } from './bench-repository.ts';
import type { BenchEngine } from './bench-engine.ts';
import { BenchSetup } from './bench-setup.ts';
import { linePhases, type LinePhases, type SeenLine } from './line-phases.ts';
import { PaintedLine } from './painted-line.ts';
import { describeMachine, mediansOf, readLoad, spreadOf } from './statistics.ts';

export type FirstLineOptions = { readonly engine: BenchEngine; readonly pairs: number };

const barMilliseconds = 200;
const warmUpRounds = 2;
const ways = ['bare', 'api', 'painted'] as const;
type Way = (typeof ways)[number];
type Round = Readonly<Record<Way, number>>;
type Phases = Record<Exclude<Way, 'bare'>, LinePhases[]>;

/** From trigger to the first line that a RUN wrote, in milliseconds, against the engine alone; alternating rounds. */
export async function measureFirstLine(options: FirstLineOptions, say: (sentence: string) => void) {
  const setup = await BenchSetup.prepare(options.engine, ways.length * (options.pairs + warmUpRounds));
  try {
    const painted = await PaintedLine.open(setup.product, setup.repositoryId);
    try {
      return await new FirstLineBench(setup, painted, say).measure(options);
    } finally {
      await painted.close();
    }
  } finally {
    await setup.close();
  }
}

class FirstLineBench {
  readonly #setup: BenchSetup;
  readonly #painted: PaintedLine;
  readonly #say: (sentence: string) => void;
  #phases: Phases = { api: [], painted: [] };

  constructor(setup: BenchSetup, painted: PaintedLine, say: (sentence: string) => void) {
    this.#setup = setup;
    this.#painted = painted;
    this.#say = say;
  }

  async measure({ engine, pairs }: FirstLineOptions) {
    for (let round = 0; round < warmUpRounds; round += 1) await this.#round(round, 'warm-up');
    this.#phases = { api: [], painted: [] };
    const loadBefore = readLoad();
    const rounds: Round[] = [];
    for (let round = 0; round < pairs; round += 1) rounds.push(await this.#round(round, 'round'));
    const later = (way: Way) => spreadOf(rounds.map((round) => round[way] - round.bare));
    const [api, painted] = [later('api'), later('painted')];
    return {
      bench: 'first-line',
      engine: { name: engine.name, version: this.#setup.byHand.version },
      browser: this.#painted.version,
      rounds: rounds.length,
      api_later_than_bare_ms: api,
      painted_later_than_bare_ms: painted,
      bar_ms: barMilliseconds,
      is_within_bar: { api: api.median <= barMilliseconds, painted: painted.median <= barMilliseconds },
      bare_ms: spreadOf(rounds.map(({ bare }) => bare)),
      api_ms: spreadOf(rounds.map(({ api: milliseconds }) => milliseconds)),
      painted_ms: spreadOf(rounds.map(({ painted: milliseconds }) => milliseconds)),
      api_phases_ms: mediansOf(this.#phases.api),
      painted_phases_ms: mediansOf(this.#phases.painted),
      raw_ms: rounds.map((round) => ways.map((way) => Math.round(round[way]))),
      load: { before: loadBefore, after: readLoad() },
      machine: describeMachine(),
    };
  }

  async #round(number: number, what: string): Promise<Round> {
    const measured: Partial<Record<Way, number>> = {};
    for (const index of ways.keys()) {
      // Each round begins with another way, so that none always follows the same one.
      const way = ways[(index + number) % ways.length] as Way;
      measured[way] = await this.#measure(way);
    }
    const round = measured as Round;
    this.#say(`${what} ${number + 1}: ${ways.map((way) => `${way} ${round[way].toFixed(0)} ms`).join(', ')}`);
    return round;
  }

  async #measure(way: Way): Promise<number> {
    const sha = this.#setup.nextSha();
    if (way === 'bare') return (await this.#setup.byHand.build(sha)).firstLineMilliseconds;
    const seen = way === 'api' ? await this.#follow(sha) : await this.#painted.build(sha);
    await this.#setup.product.sealed(seen.buildId);
    const phases = await linePhases(this.#setup.product, seen);
    this.#phases[way].push(phases);
    this.#say(`  ${way}: ${JSON.stringify(phases)}`);
    return seen.to - seen.from;
  }

  /** By HTTP follow, as `curl -N` shows it. */
  async #follow(sha: string): Promise<SeenLine> {
    const { product, repositoryId } = this.#setup;
    const commit = this.#setup.commitOf(sha);
    const from = Date.now();
    const buildId = await product.trigger(repositoryId, commit);
    const to = await this.#timeOfLine(buildId);
    await product.succeeded(buildId);
    return { buildId, from, to };
  }

  async #timeOfLine(buildId: number): Promise<number> {
    for await (const { text } of this.#setup.product.follow(buildId))
      if (text === firstLine) return Date.now();
    throw new Error(`Build ${buildId} ended without the line "${firstLine}".`);
  }
}
