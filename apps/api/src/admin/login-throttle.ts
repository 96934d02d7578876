import { Injectable } from '@nestjs/common';
import { TooManyRequests } from '../http/api-problems.errors.js';

type Tries = { count: number; last: number };

/** Free tries, then a wait that doubles up to five minutes; forgotten after a quarter of an hour of quiet. */
const freeTries = { account: 5, address: 20 } as const;
const longestWaitSeconds = 300;
const memoryMilliseconds = 15 * 60_000;
const mostKeys = 10_000;

/**
 * Slows guessing of passwords down, per account and per address. Kept in the memory of this process: a restart
 * forgets, and several API processes each count for themselves.
 */
@Injectable()
export class LoginThrottle {
  readonly #tries = new Map<string, Tries>();
  readonly #now: () => number;

  constructor() {
    this.#now = () => performance.now();
  }

  /**
   * Counts a try before its password is looked at, so that tries at the same moment count too.
   * Problem: `too_many_requests` with the seconds to wait.
   */
  begin(account: string, address: string): void {
    const keys = [
      { key: `account:${account.trim().toLowerCase()}`, free: freeTries.account },
      { key: `address:${address}`, free: freeTries.address },
    ];
    const wait = Math.max(...keys.map(({ key, free }) => this.#secondsToWait(key, free)));
    if (wait > 0) {
      throw new TooManyRequests(`Too many wrong passwords. Try again in ${wait} s.`, wait);
    }
    for (const { key } of keys) this.#count(key);
  }

  /** The password was right: the account starts afresh, and the try does not count against the address. */
  succeed(account: string, address: string): void {
    this.#tries.delete(`account:${account.trim().toLowerCase()}`);
    const tries = this.#tries.get(`address:${address}`);
    if (tries) tries.count -= 1;
  }

  #secondsToWait(key: string, free: number): number {
    const tries = this.#tries.get(key);
    if (!tries || tries.count < free || this.#now() - tries.last > memoryMilliseconds) return 0;
    const pause = Math.min(2 ** (tries.count - free + 1), longestWaitSeconds);
    return Math.max(0, Math.ceil(pause - (this.#now() - tries.last) / 1000));
  }

  #count(key: string): void {
    const tries = this.#tries.get(key);
    const isRecent = tries !== undefined && this.#now() - tries.last <= memoryMilliseconds;
    this.#tries.delete(key);
    this.#tries.set(key, { count: (isRecent ? tries.count : 0) + 1, last: this.#now() });
    const oldest = this.#tries.keys().next();
    if (this.#tries.size > mostKeys && !oldest.done) this.#tries.delete(oldest.value);
  }
}
