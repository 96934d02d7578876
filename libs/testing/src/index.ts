export * from './test-database.js';
export {
  startRedis,
  startTestPostgres,
  type Redis,
  type TestDatabase,
  type TestPostgres,
} from '@nohands/embedded';
