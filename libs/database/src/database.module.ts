import { Module, type DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { dataSourceOptions, type DatabaseOptions } from './data-source.js';
import { stores } from './stores.js';

export type DatabaseModuleOptions = DatabaseOptions & { readonly connectionString: string };

/** The pool and every store of a process, by class, for the whole application; the schema must be migrated before. */
@Module({})
export class DatabaseModule {
  static forRoot({ connectionString, ...options }: DatabaseModuleOptions): DynamicModule {
    return {
      module: DatabaseModule,
      global: true,
      imports: [
        TypeOrmModule.forRoot({
          ...dataSourceOptions(connectionString, options),
          // A database that is just being restarted is waited for; one that is away ends the process with the reason.
          retryAttempts: 5,
          retryDelay: 1_000,
        }),
      ],
      providers: [...stores],
      exports: [...stores],
    };
  }
}
