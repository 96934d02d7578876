import type { JobsStore } from '@nohands/database';
import { GitError } from '@nohands/git';
import { describe, expect, it } from 'vitest';
import type { LeaseKeeper } from '../leases/lease-keeper.js';
import type { WorkerSelf } from '../leases/worker-self.js';
import type { JobHandlers } from './job-handlers.js';
import { JobRunner } from './job.runner.js';

const lost = new Error('Connection terminated unexpectedly');

/** A runner whose one job is handled by `handle`; tells what became of the job. */
function runnerOf(handle: () => Promise<unknown>, finish = () => Promise.resolve(true)) {
  const ended: string[] = [];
  let isHeld = false;
  const jobs = {
    claim: () => Promise.resolve({ id: 1, kind: 'seal-log', attempt: 1, payload: { buildId: 1 } }),
    finish: async () => {
      await finish();
      ended.push('done');
    },
    fail: (...[, , code]: unknown[]) => Promise.resolve(ended.push(String(code))),
  };
  const leases = {
    holdJob: () => {
      isHeld = true;
      return () => (isHeld = false);
    },
  };
  const runner = new JobRunner(
    jobs as unknown as JobsStore,
    { identity: { id: 'w1' } } as WorkerSelf,
    { byKind: { 'seal-log': handle } } as unknown as JobHandlers,
    leases as unknown as LeaseKeeper,
  );
  return { runner, ended, isHeld: () => isHeld };
}

describe(JobRunner.name, () => {
  it('ends work that was done, and work that failed with its reason', async () => {
    const done = runnerOf(() => Promise.resolve({ lines: 1 }));
    expect(await done.runner.takeNext('chores')).toEqual({ claimed: true });
    expect(done.ended).toEqual(['done']);
    const failed = runnerOf(() => Promise.reject(new GitError('repository_not_found', 'It is not there.')));
    await failed.runner.takeNext('chores');
    expect(failed.ended).toEqual(['repository_not_found']);
  });

  it.each([
    ['the work', runnerOf(() => Promise.reject(lost))],
    [
      'its end',
      runnerOf(
        () => Promise.resolve({}),
        () => Promise.reject(lost),
      ),
    ],
  ])(
    'leaves work to its lease when the database goes away during %s: a log must not stay unsealed',
    async (_, run) => {
      expect(await run.runner.takeNext('chores')).toEqual({ claimed: true });
      expect(run.ended).toEqual([]);
      expect(run.isHeld()).toBe(false);
    },
  );
});
