export * from './temporary-directory.js';
export * from './registry-server.js';
export * from './oci-images.js';
export * from './test-database.js';
export {
  startRedis,
  startTestPostgres,
  type Redis,
  type TestDatabase,
  type TestPostgres,
} from '@nohands/embedded';
export * from './git-repository.js';
export * from './git-server.js';
export * from './stored-text.js';
