import { describe, expect, it, vi } from 'vitest';
import { WakeUp } from './wake-up.js';

describe(WakeUp.name, () => {
  const never = new AbortController().signal;

  it('does not lose a ring that came before the wait', async () => {
    const bell = new WakeUp();
    const seen = bell.count;
    bell.ring();
    await bell.wait(seen, 1_000_000, never);
  });

  it('wakes all who wait, at a ring, at the abort, and after the time', async () => {
    vi.useFakeTimers();
    const bell = new WakeUp();
    const stop = new AbortController();
    const ended: string[] = [];
    const first = bell.wait(bell.count, 1_000, never).then(() => ended.push('first'));
    const second = bell.wait(bell.count, 1_000, stop.signal).then(() => ended.push('second'));
    stop.abort();
    await second;
    bell.ring();
    await first;
    const third = bell.wait(bell.count, 1_000, never).then(() => ended.push('third'));
    await vi.advanceTimersByTimeAsync(1_000);
    await third;
    vi.useRealTimers();
    expect(ended).toEqual(['second', 'first', 'third']);
  });
});
