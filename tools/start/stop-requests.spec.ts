import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { StopRequests } from './stop-requests.ts';

describe(StopRequests.name, () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('takes the two signals of one Ctrl-C as one wish', () => {
    const requests = new StopRequests();
    requests.request();
    vi.advanceTimersByTime(900);
    requests.request();
    expect(requests.stop.aborted).toBe(true);
    expect(requests.hurry.aborted).toBe(false);
  });

  it('hurries at a later second request', () => {
    const requests = new StopRequests();
    requests.request();
    vi.advanceTimersByTime(1100);
    requests.request();
    expect(requests.hurry.aborted).toBe(true);
  });
});
