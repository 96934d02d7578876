/** Injection token of the `Configuration` that this process was started with. */
export const WORKER_CONFIGURATION = Symbol('worker configuration');
