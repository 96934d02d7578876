export type StepStatus = 'running' | 'success' | 'failed' | 'cancelled';

/** One step of a build as the build page shows it: an own one (checkout, keep, push) or an instruction of the Dockerfile. */
export type BuildStep = {
  /** From 1 within the attempt, in order of start. */
  readonly number: number;
  readonly name: string;
  readonly status: StepStatus;
  readonly cached: boolean;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly completedAt: number | null;
  readonly exitCode: number | null;
};
