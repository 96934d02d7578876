import type { PlannedStep } from '../dockerfile-plan.js';

/** The plan with what `--label` adds to it: Buildah runs every label as one more instruction of the last stage. */
export function withLabelSteps(
  plan: readonly PlannedStep[],
  labels: Readonly<Record<string, string>>,
): PlannedStep[] {
  const last = plan.at(-1);
  const names = Object.keys(labels);
  if (last === undefined || names.length === 0) return [...plan];
  const stepCount = last.stepCount + names.length;
  const counted = plan.map((step) => (step.stage === last.stage ? { ...step, stepCount } : step));
  const added = names.map((name, index) => ({
    ...last,
    stepCount,
    position: last.position + index + 1,
    word: 'LABEL',
    name: `LABEL ${name}=${labels[name] ?? ''}`.slice(0, 200),
    isAdded: true as const,
  }));
  return [...counted, ...added];
}
