export * from './build-engine.js';
export * from './dockerfile-plan.js';
export * from './dockerfile-source.js';
export * from './layout.js';
