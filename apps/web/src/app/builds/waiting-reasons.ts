import type { WaitingReason } from '@nohands/api-client';

/** What a waiting build waits for, and what one can do about it. */
export const waitingReasons: Record<WaitingReason, string> = {
  no_engine:
    'It waits for a build engine: none of the workers has one that is ready. It starts by itself as soon as one is.',
  limit_reached:
    'It waits for its turn: as many builds as allowed are running. The limit is set under Admin, Queue.',
  queue_paused: 'It waits because the queue is paused. An administrator resumes it under Admin, Queue.',
  retry_delay: 'The last attempt met trouble that was not its own. The next one starts in a moment.',
  no_worker: 'It waits for a worker: none is alive. It starts by itself as soon as one is.',
};
