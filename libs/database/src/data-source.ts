import { DataSource, type DataSourceOptions } from 'typeorm';
import { entities } from './entities.js';
import { migrations } from './migrations.js';
import { SchemaNames } from './schema-names.js';

export type DatabaseOptions = {
  /** Connections of this process, at most. */
  readonly poolSize?: number;
  /** A statement that runs longer is cancelled; 0 for no limit. */
  readonly statementTimeoutMs?: number;
  /** Shown in pg_stat_activity. */
  readonly applicationName?: string;
};

const defaults = { poolSize: 10, statementTimeoutMs: 30_000, applicationName: 'nohands' };

/** TypeORM's options for the schema of NoHands; nothing is connected, nothing synchronised. */
export function dataSourceOptions(
  connectionString: string,
  options: DatabaseOptions = {},
): DataSourceOptions {
  const { poolSize, statementTimeoutMs, applicationName } = { ...defaults, ...options };
  return {
    type: 'postgres',
    entities,
    migrations,
    namingStrategy: new SchemaNames(),
    synchronize: false,
    migrationsRun: false,
    logging: false,
    installExtensions: false,
    applicationName,
    poolSize,
    extra: {
      // The driver of pg reads the string itself: it knows sockets (?host=/folder) and ssl parameters.
      connectionString,
      statement_timeout: statementTimeoutMs === 0 ? undefined : statementTimeoutMs,
      // A transaction whose process hangs must not hold its locks for ever.
      idle_in_transaction_session_timeout: 60_000,
      connectionTimeoutMillis: 10_000,
      keepAlive: true,
    },
  };
}

/** A data source that is not connected yet: call `initialize()`, and `destroy()` at the end. */
export function createDataSource(connectionString: string, options: DatabaseOptions = {}): DataSource {
  return new DataSource(dataSourceOptions(connectionString, options));
}
