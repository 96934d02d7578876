import { createHash } from 'node:crypto';
import type { BuildRequest } from '../build-engine.js';
import type { PlannedStep } from '../dockerfile-plan.js';

const limit = 1_000;

/**
 * Remembers, for the life of this process, which RUN a build ended in. The engine keeps the plan of such a build and
 * runs the rest of it without naming the RUN when the same build comes again (a retry); this is how it is known again.
 */
export class UnfinishedRuns {
  private readonly keys = new Set<string>();

  /** The indexes of the plan in which an earlier build of the same steps ended. */
  recall(request: BuildRequest, plan: readonly PlannedStep[]): Set<number> {
    return new Set(plan.flatMap((_, index) => (this.keys.has(keyOf(request, plan, index)) ? [index] : [])));
  }

  remember(request: BuildRequest, plan: readonly PlannedStep[], index: number): void {
    this.keys.add(keyOf(request, plan, index));
    const [oldest] = this.keys;
    if (this.keys.size > limit && oldest !== undefined) this.keys.delete(oldest);
  }
}

function keyOf(request: BuildRequest, plan: readonly PlannedStep[], index: number): string {
  const names = plan.slice(0, index + 1).map((step) => step.name);
  const identity = JSON.stringify([request.repositoryId, request.buildArguments, names]);
  return createHash('sha256').update(identity).digest('base64');
}
