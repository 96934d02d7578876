/** The states of a build, in the words of the original tool. */
export const buildStatuses = ['pending', 'running', 'success', 'failed', 'cancelled'] as const;
export type BuildStatus = (typeof buildStatuses)[number];

/** The one table of moves. `running -> pending` is a retry after a lost worker or an infrastructure error. */
const moves: Record<BuildStatus, readonly BuildStatus[]> = {
  pending: ['running', 'cancelled', 'failed'],
  running: ['success', 'failed', 'cancelled', 'pending'],
  success: [],
  failed: [],
  cancelled: [],
};

/** True when the table of moves allows `from -> to`. */
export function isAllowedMove(from: BuildStatus, to: BuildStatus): boolean {
  return moves[from].includes(to);
}

/** True when a build in this state will never change its state again. */
export function isFinal(status: BuildStatus): boolean {
  return moves[status].length === 0;
}

/** Why a pending build does not start; null while nothing is known to stand in its way. */
export const waitingReasons = [
  'no_engine',
  'limit_reached',
  'queue_paused',
  'retry_delay',
  'no_worker',
] as const;
export type WaitingReason = (typeof waitingReasons)[number];

/** At most this many attempts of one build; the first retry after a lost worker comes without delay. */
export const maximumAttempts = 3;
/** How long a claim holds without a heartbeat, in milliseconds of the database's clock. */
export const leaseMilliseconds = 10_000;
/** How often a worker renews its leases, in milliseconds. */
export const heartbeatMilliseconds = 2_000;
/** How long a worker has to stop a cancelled build before it ends with `stop_confirmed: false`, in milliseconds. */
export const cancelGraceMilliseconds = 15_000;
