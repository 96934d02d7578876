import { describe, expect, it } from 'vitest';
import { RestartPolicy } from './restart-policy.ts';

describe(RestartPolicy.name, () => {
  it('restarts at once three times a minute, then waits longer and longer, up to half a minute', () => {
    const policy = new RestartPolicy();
    const delays = Array.from({ length: 10 }, (_, i) => policy.delayAfterDeath(i * 100));
    expect(delays).toEqual([0, 0, 0, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  });

  it('forgets deaths after a minute', () => {
    const policy = new RestartPolicy();
    for (const now of [0, 1, 2, 3]) policy.delayAfterDeath(now);
    expect(policy.delayAfterDeath(60_004)).toBe(0);
  });
});
