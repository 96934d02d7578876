import type { WaitingReason } from '@nohands/api-client';

type Explanation = {
  /** Beside the state in a list. */
  readonly short: string;
  /** What it waits for, and what one can do about it. */
  readonly long: string;
};

export const waitingReasons: Record<WaitingReason, Explanation> = {
  no_engine: {
    short: 'no engine',
    long: 'It waits for a build engine: none of the workers has one that is ready. It starts by itself as soon as one is.',
  },
  limit_reached: {
    short: 'for its turn',
    long: 'It waits for its turn: as many builds as allowed are running. The limit is set under Admin, Queue.',
  },
  queue_paused: {
    short: 'queue paused',
    long: 'It waits because the queue is paused. An administrator resumes it under Admin, Queue.',
  },
  retry_delay: {
    short: 'to try again',
    long: 'The last attempt met trouble that was not its own. The next one starts in a moment.',
  },
  no_worker: {
    short: 'no worker',
    long: 'It waits for a worker: none is alive. It starts by itself as soon as one is.',
  },
};
