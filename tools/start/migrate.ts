// A module of its own, so that it can be loaded while Postgres starts: TypeORM takes longer than that.
export { migrateDatabase } from '@nohands/database';
