import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { BuildBench, RecordingSink, processesWith } from '../describe-build-engine-spec.js';
import { DaggerEngine } from './dagger-engine.js';

const shell = 'FROM scratch\nCOPY busybox /bin/sh\n';
const never = new AbortController().signal;

describe('the figures of a real Dagger engine', () => {
  const engine = new DaggerEngine(inject('dagger'));
  const figures: Record<string, number> = {};
  let bench: BuildBench;
  let count = 0;

  beforeAll(async () => {
    bench = new BuildBench();
    // The first build of a process loads the SDK; the figures are those of a worker that has built before.
    await build('true');
  });
  afterAll(() => {
    bench.remove();
    console.log(JSON.stringify(figures));
  });

  function request(run: string) {
    count += 1;
    const made = bench.request({ name: run, dockerfile: `${shell}RUN ${run}\n`, script: { steps: [] } });
    appendFileSync(join(made.contextDirectory, 'busybox'), `${process.pid} ${Date.now()} ${count}`);
    return made;
  }

  async function build(run: string, sink = new RecordingSink()) {
    const start = performance.now();
    await engine.build(request(run), sink, never);
    return { sink, start, milliseconds: performance.now() - start };
  }

  it('shows the first line long before the build ends', async () => {
    const { sink, start, milliseconds } = await build('echo first; sleep 2; echo last');
    figures['firstLineMs'] = Math.round(sink.timeOf('first') - start);
    figures['buildOfSleep2Ms'] = Math.round(milliseconds);
    expect(sink.timeOf('last') - sink.timeOf('first')).toBeGreaterThan(1_700);
  });

  it('brings a million lines complete and in order', async () => {
    const { sink, milliseconds } = await build('seq 1 1000000');
    const expected = Array.from({ length: 1_000_000 }, (_, index) => `${index + 1}\n`).join('');
    expect(sink.text('stdout', 3) === expected).toBe(true);
    figures['millionLinesMs'] = Math.round(milliseconds);
  });

  it('builds four at once without a line in the wrong build', async () => {
    const start = performance.now();
    const runs = [1, 2, 3, 4].map((n) => build(`for i in 1 2 3 4 5; do echo build-${n}; sleep 1; done`));
    const built = await Promise.all(runs);
    figures['fourBuildsOf5sMs'] = Math.round(performance.now() - start);
    for (const [index, { sink }] of built.entries()) {
      expect(sink.text('stdout', 3)).toBe(`build-${index + 1}\n`.repeat(5));
    }
  });

  it('has nothing of the RUN left soon after a cancelled build rejects', async () => {
    const token = `88${process.pid}88`;
    const abort = new AbortController();
    let abortedAt = 0;
    const sink = new RecordingSink((text) => {
      if (!text.includes('up')) return;
      abortedAt = performance.now();
      abort.abort(new Error('stop'));
    });
    const made = request(`echo up; sleep ${token}`);
    await expect(engine.build(made, sink, abort.signal)).rejects.toThrow('stop');
    figures['cancelMs'] = Math.round(performance.now() - abortedAt);
    // The session is gone; the engine ends the RUN by itself, and on another machine nobody could look.
    await vi.waitFor(() => expect(processesWith(token)).toEqual([]), { timeout: 2_000, interval: 5 });
    figures['runGoneMs'] = Math.round(performance.now() - abortedAt);
  });
});
