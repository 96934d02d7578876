type Step = { readonly name: string; readonly started_at: string; readonly completed_at: string };
type Build = { readonly started_at: string; readonly completed_at: string; readonly steps: readonly Step[] };

/** Where the time of one build went, in milliseconds, by the times that the product itself wrote down. */
export type ProductPhases = {
  /** From the trigger being sent to the claim. */
  readonly claim: number;
  /** From the claim to the first step. */
  readonly prepare: number;
  readonly check_out: number;
  readonly engine: number;
  readonly keep: number;
  /** From the last step to the final state. */
  readonly finish: number;
  /** From the final state to a client that sees it. */
  readonly notice: number;
};

export function productPhases(
  detail: Record<string, unknown>,
  { sentAt, seenAt }: { readonly sentAt: number; readonly seenAt: number },
): ProductPhases {
  const build = detail as Build;
  const checkOut = stepOf(build, 'Check out');
  const keep = stepOf(build, 'Keep the image');
  const [startedAt, completedAt] = [Date.parse(build.started_at), Date.parse(build.completed_at)];
  return {
    claim: startedAt - sentAt,
    prepare: checkOut.from - startedAt,
    check_out: checkOut.to - checkOut.from,
    engine: keep.from - checkOut.to,
    keep: keep.to - keep.from,
    finish: completedAt - keep.to,
    notice: seenAt - completedAt,
  };
}

function stepOf({ steps }: Build, name: string): { readonly from: number; readonly to: number } {
  const step = steps.find((candidate) => candidate.name === name);
  if (step === undefined) throw new Error(`The build has no step "${name}".`);
  return { from: Date.parse(step.started_at), to: Date.parse(step.completed_at) };
}
