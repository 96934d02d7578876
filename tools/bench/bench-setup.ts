import { join } from 'node:path';
import { environmentOf, type BenchEngine } from './bench-engine.ts';
import { makeBenchRepository } from './bench-repository.ts';
import { ByHand } from './by-hand.ts';
import { Product } from './product.ts';

/** The product and the reference, ready to build the commits of one repository. */
export class BenchSetup {
  readonly product: Product;
  readonly byHand: ByHand;
  readonly repositoryId: number;
  readonly #commits: ReadonlyMap<string, number>;
  readonly #shas: string[];

  private constructor(
    parts: { readonly product: Product; readonly byHand: ByHand; readonly shas: readonly string[] },
    repository: { readonly id: number; readonly commits: ReadonlyMap<string, number> },
  ) {
    this.product = parts.product;
    this.byHand = parts.byHand;
    this.#shas = [...parts.shas];
    this.repositoryId = repository.id;
    this.#commits = repository.commits;
  }

  /** With a commit for each of `builds` builds: two of the same would be answered from a cache. */
  static async prepare(engine: BenchEngine, builds: number): Promise<BenchSetup> {
    const product = new Product(environmentOf(engine));
    try {
      const directory = join(product.dataDir, 'bench-repository');
      const shas = makeBenchRepository(directory, builds);
      await product.start();
      const repository = await product.addRepository(directory);
      const folder = await product.referenceFolder();
      const byHand = await ByHand.start({ engine, folder, mirror: product.mirrorOf(repository.id) });
      return new BenchSetup({ product, byHand, shas }, repository);
    } catch (error) {
      await product.stopAndRemove();
      throw error;
    }
  }

  /** A commit that nobody has built yet, the newest first: those are on the first page of the dashboard. */
  nextSha(): string {
    const sha = this.#shas.pop();
    if (sha === undefined) throw new Error('More builds than commits.');
    return sha;
  }

  /** The id that the product gave a commit. */
  commitOf(sha: string): number {
    const id = this.#commits.get(sha);
    if (id === undefined) throw new Error(`The product does not know the commit ${sha}.`);
    return id;
  }

  async close(): Promise<void> {
    await this.byHand.stop();
    await this.product.stopAndRemove();
  }
}
