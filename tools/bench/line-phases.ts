import { firstLine } from './bench-repository.ts';
import type { Product } from './product.ts';

/** A first line that somebody saw; times in milliseconds since 1970. */
export type SeenLine = {
  readonly buildId: number;
  /** When the build was asked for. */
  readonly from: number;
  /** When the line was seen. */
  readonly to: number;
};

/** Where the time until a first line went, in milliseconds, by the times that the product itself wrote down. */
export type LinePhases = {
  /** From the trigger to the claim. */
  readonly claim: number;
  /** From the claim to the end of the check-out. */
  readonly check_out: number;
  /** In the engine, until the worker had the line. */
  readonly engine: number;
  /** From the worker to whoever sees it. */
  readonly delivery: number;
};

type Build = {
  readonly started_at: string;
  readonly steps: readonly { readonly name: string; readonly completed_at: string }[];
};

export async function linePhases(product: Product, { buildId, from, to }: SeenLine): Promise<LinePhases> {
  const build = (await product.call('GET', `/api/builds/${buildId}/`)) as unknown as Build;
  const checkOut = build.steps.find(({ name }) => name === 'Check out');
  const [claimedAt, checkedOutAt] = [Date.parse(build.started_at), Date.parse(checkOut?.completed_at ?? '')];
  const cutAt = await timeOfLine(product, buildId);
  return {
    claim: claimedAt - from,
    check_out: checkedOutAt - claimedAt,
    engine: cutAt - checkedOutAt,
    delivery: to - cutAt,
  };
}

async function timeOfLine(product: Product, buildId: number): Promise<number> {
  for await (const { text, time } of product.follow(buildId))
    if (text === firstLine) return Date.parse(String(time));
  throw new Error(`Build ${buildId} has no line "${firstLine}".`);
}
