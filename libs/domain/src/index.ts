export * from './build-errors.js';
export * from './build-states.js';
export * from './build-steps.js';
export * from './log-lines.js';
export * from './principal.js';
export * from './problems.js';
