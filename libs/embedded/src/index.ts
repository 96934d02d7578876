export * from './embedded-errors.js';
export * from './embedded-postgres.js';
export { findServerProcesses } from './postgres-orphans.js';
export * from './redis.js';
export { locateServiceHome, removeOutsideHome, type ServiceHome } from './service-home.js';
export * from './test-postgres.js';
