import type { BenchEngine } from './bench-engine.ts';
import { BenchSetup } from './bench-setup.ts';
import { productPhases, type ProductPhases } from './product-phases.ts';
import { describeMachine, medianOf, mediansOf, readLoad, spreadOf } from './statistics.ts';

export type OverheadOptions = { readonly engine: BenchEngine; readonly pairs: number };
type Say = (sentence: string) => void;

const barMilliseconds = 300;
/** Their first builds fill the caches of layers, of the file system and of the just-in-time compiler. */
const warmUpPairs = 3;

type ProductBuild = {
  /** From the moment the trigger is sent, and from its answer, to the final state at a client. */
  readonly milliseconds: number;
  readonly sinceAnswer: number;
  readonly phases: ProductPhases;
  /** From the final state to the end record of the log, which carries the hash of the sealed log. */
  readonly sealedAfter: number;
};

/** What a build costs more through the product than by hand, in milliseconds; alternating pairs on one machine. */
export async function measureOverhead(options: OverheadOptions, say: Say) {
  const setup = await BenchSetup.prepare(options.engine, 2 * (options.pairs + warmUpPairs));
  try {
    return await new OverheadBench(setup, say).measure(options);
  } finally {
    await setup.close();
  }
}

class OverheadBench {
  readonly #setup: BenchSetup;
  readonly #say: Say;

  constructor(setup: BenchSetup, say: Say) {
    this.#setup = setup;
    this.#say = say;
  }

  async measure({ engine, pairs: count }: OverheadOptions) {
    for (let pair = 0; pair < warmUpPairs; pair += 1) await this.#pair(pair, 'warm-up');
    const loadBefore = readLoad();
    const pairs = [];
    for (let pair = 0; pair < count; pair += 1) pairs.push(await this.#pair(pair, 'pair'));
    const products = pairs.map(({ product }) => product);
    const references = pairs.map(({ reference }) => reference);
    const overhead = spreadOf(
      pairs.map(({ product, reference }) => product.milliseconds - reference.milliseconds),
    );
    return {
      bench: 'overhead',
      engine: { name: engine.name, version: this.#setup.byHand.version },
      pairs: pairs.length,
      overhead_ms: overhead,
      bar_ms: barMilliseconds,
      is_within_bar: overhead.median <= barMilliseconds,
      overhead_since_answer_ms: spreadOf(
        pairs.map(({ product, reference }) => product.sinceAnswer - reference.milliseconds),
      ),
      product_ms: spreadOf(products.map(({ milliseconds }) => milliseconds)),
      reference_ms: spreadOf(references.map(({ milliseconds }) => milliseconds)),
      product_phases_ms: mediansOf(products.map(({ phases }) => phases)),
      reference_phases_ms: mediansOf(references.map(({ phases }) => phases)),
      engine_difference_ms: medianOf(
        pairs.map(({ product, reference }) => product.phases.engine - reference.phases.engine),
      ),
      log_sealed_after_ms: spreadOf(products.map(({ sealedAfter }) => sealedAfter)),
      raw_ms: pairs.map(({ product, reference }) =>
        [product.milliseconds, reference.milliseconds].map(Math.round),
      ),
      load: { before: loadBefore, after: readLoad() },
      machine: describeMachine(),
    };
  }

  async #pair(number: number, what: string) {
    const isProductFirst = number % 2 === 0;
    const first = isProductFirst ? await this.#buildByProduct() : null;
    const reference = await this.#setup.byHand.build(this.#setup.nextSha());
    const product = first ?? (await this.#buildByProduct());
    const difference = product.milliseconds - reference.milliseconds;
    this.#say(
      `${what} ${number + 1}: product ${product.milliseconds.toFixed(0)} ms, by hand ${reference.milliseconds.toFixed(0)} ms, difference ${difference.toFixed(0)} ms`,
    );
    return { product, reference };
  }

  async #buildByProduct(): Promise<ProductBuild> {
    const { product, repositoryId } = this.#setup;
    const commit = this.#setup.commitOf(this.#setup.nextSha());
    const [sentAt, started] = [Date.now(), performance.now()];
    const id = await product.trigger(repositoryId, commit);
    const answered = performance.now();
    await product.succeeded(id);
    const [seenAt, seen] = [Date.now(), performance.now()];
    await product.sealed(id);
    const sealedAfter = performance.now() - seen;
    const phases = productPhases(await product.call('GET', `/api/builds/${id}/`), { sentAt, seenAt });
    return { milliseconds: seen - started, sinceAnswer: seen - answered, sealedAfter, phases };
  }
}
