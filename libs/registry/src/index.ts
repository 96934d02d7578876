export * from './push-layout.js';
export * from './registry-access.js';
