export * from './build-engine.js';
