import type { PlannedStep } from '../../dockerfile-plan.js';

/** The numbers of the stages that the last one needs, itself included; the engine builds no others. */
export function findUsedStages(plan: readonly PlannedStep[]): Set<number> {
  const last = plan.at(-1)?.stage ?? 0;
  const names = nameStages(plan);
  const used = new Set<number>();
  const waiting = [last];
  for (let stage = waiting.pop(); stage !== undefined; stage = waiting.pop()) {
    if (used.has(stage)) continue;
    used.add(stage);
    const sources = plan.filter((step) => step.stage === stage).flatMap((step) => sourcesOf(step.name));
    for (const source of sources) waiting.push(...resolve(source, names, stage));
  }
  return used;
}

/** The stages that a stage is built upon by FROM, the lowest first, itself last. */
export function chainOfStages(plan: readonly PlannedStep[], stage: number): number[] {
  const names = nameStages(plan);
  const chain = [stage];
  for (let current = stage; ;) {
    const from = plan.find((step) => step.stage === current && step.position === 1);
    const [source] = sourcesOf(from?.name ?? '');
    // FROM takes names only: a number would be an image.
    const base = source === undefined ? undefined : names.get(source.toLowerCase());
    if (base === undefined || base >= current) return chain;
    chain.unshift(base);
    current = base;
  }
}

function nameStages(plan: readonly PlannedStep[]): Map<string, number> {
  const names = new Map<string, number>();
  for (const { stage, position, name } of plan) {
    const as = position === 1 ? /\sAS\s+(\S+)/i.exec(name)?.[1] : undefined;
    if (as !== undefined) names.set(as.toLowerCase(), stage);
  }
  return names;
}

/** What an instruction takes from another stage or image: `FROM x`, `--from=x`, `--mount=...,from=x`. */
function sourcesOf(name: string): string[] {
  const base = /^FROM\s+(?:--\S+\s+)*(\S+)/i.exec(name)?.[1];
  const from = [...name.matchAll(/(?:--|,)from=([^\s,]+)/g)].map((found) => found[1] ?? '');
  return base === undefined ? from : [base];
}

function resolve(source: string, names: ReadonlyMap<string, number>, before: number): number[] {
  // A variable may name any earlier stage.
  if (source.includes('$')) return Array.from({ length: before - 1 }, (_, index) => index + 1);
  const named =
    names.get(source.toLowerCase()) ?? (/^\d{1,6}$/.test(source) ? Number(source) + 1 : undefined);
  return named !== undefined && named < before ? [named] : [];
}
