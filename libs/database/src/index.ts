export { createDataSource, type DatabaseOptions } from './data-source.js';
export { DatabaseModule, type DatabaseModuleOptions } from './database.module.js';
export { DatabaseNewerError, migrateDatabase } from './migrate.js';
export { type Cursor } from './cursor.js';
export { pageLimits, type Page, type PageRequest } from './paging.js';
