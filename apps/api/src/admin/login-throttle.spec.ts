import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TooManyRequests } from '../http/api-problems.errors.js';
import { LoginThrottle } from './login-throttle.js';

describe(LoginThrottle.name, () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  /** Seconds to wait, or 0 when the try is allowed. */
  function attempt(throttle: LoginThrottle, account: string, address: string): number {
    try {
      throttle.begin(account, address);
      return 0;
    } catch (error) {
      if (error instanceof TooManyRequests) return error.retryAfterSeconds;
      throw error;
    }
  }

  it('lets five wrong passwords pass, then doubles the wait, whatever the case of the address', () => {
    const throttle = new LoginThrottle();
    const waits: number[] = [];
    for (let count = 0; count < 9; count += 1) {
      const wait = attempt(throttle, count % 2 ? 'A@test' : 'a@TEST ', `10.0.0.${count}`);
      waits.push(wait);
      vi.advanceTimersByTime(wait * 1000);
      if (wait > 0) expect(attempt(throttle, 'a@test', '10.0.1.1')).toBe(0);
    }
    expect(waits).toEqual([0, 0, 0, 0, 0, 2, 4, 8, 16]);
  });

  it('never makes anybody wait longer than five minutes, and forgets after a quiet quarter of an hour', () => {
    const throttle = new LoginThrottle();
    for (let count = 0; count < 40; count += 1) {
      vi.advanceTimersByTime(attempt(throttle, 'a@test', `${count}`) * 1000);
      attempt(throttle, 'a@test', `${count}`);
    }
    expect(attempt(throttle, 'a@test', 'x')).toBeLessThanOrEqual(300);
    vi.advanceTimersByTime(15 * 60_000 + 1);
    expect(attempt(throttle, 'a@test', 'x')).toBe(0);
  });

  it('starts an account afresh after the right password', () => {
    const throttle = new LoginThrottle();
    for (let count = 0; count < 4; count += 1) attempt(throttle, 'a@test', 'x');
    attempt(throttle, 'a@test', 'x');
    throttle.succeed('a@test', 'x');
    expect(attempt(throttle, 'a@test', 'x')).toBe(0);
  });

  it('slows one address down that tries many accounts', () => {
    const throttle = new LoginThrottle();
    const waits = Array.from({ length: 25 }, (_, index) => attempt(throttle, `${index}@test`, '10.0.0.1'));
    expect(waits.filter((wait) => wait > 0)).toHaveLength(5);
    expect(attempt(throttle, 'other@test', '10.0.0.2')).toBe(0);
  });
});
