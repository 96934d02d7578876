import { firstLine } from './bench-repository.ts';
import type { BenchEngine } from './bench-engine.ts';
import { BenchSetup } from './bench-setup.ts';
import { PaintedLine } from './painted-line.ts';
import { describeMachine, readLoad, spreadOf } from './statistics.ts';

export type FirstLineOptions = { readonly engine: BenchEngine; readonly pairs: number };

const barMilliseconds = 200;
const warmUpRounds = 2;
const ways = ['bare', 'api', 'painted'] as const;
type Way = (typeof ways)[number];
type Round = Readonly<Record<Way, number>>;

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

  constructor(setup: BenchSetup, painted: PaintedLine, say: (sentence: string) => void) {
    this.#setup = setup;
    this.#painted = painted;
    this.#say = say;
  }

  async measure({ engine, pairs }: FirstLineOptions) {
    for (let round = 0; round < warmUpRounds; round += 1) await this.#round(round, 'warm-up');
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

  #measure(way: Way): Promise<number> {
    switch (way) {
      case 'bare':
        return this.#bare();
      case 'api':
        return this.#api();
      case 'painted':
        return this.#painted.build(this.#setup.nextSha());
    }
  }

  async #bare(): Promise<number> {
    return (await this.#setup.byHand.build(this.#setup.nextSha())).firstLineMilliseconds;
  }

  /** By HTTP follow, as `curl -N` shows it. */
  async #api(): Promise<number> {
    const { product } = this.#setup;
    const commit = this.#setup.nextCommit();
    const started = performance.now();
    const id = await product.trigger(this.#setup.repositoryId, commit);
    let seen = Number.NaN;
    for await (const { text } of product.follow(id)) {
      if (text !== firstLine) continue;
      seen = performance.now();
      break;
    }
    await product.succeeded(id);
    return seen - started;
  }
}
