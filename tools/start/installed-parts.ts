import { fileURLToPath } from 'node:url';
import type { ServerParts } from './run-server.ts';

/** What a built clone at `root` consists of. */
export function installedParts(root: URL): Omit<ServerParts, 'say'> {
  // Loading TypeORM takes longer than starting Postgres: both at the same time.
  const database = import('@nohands/database');
  return {
    programs: {
      api: fileURLToPath(new URL('apps/api/dist/main.js', root)),
      worker: fileURLToPath(new URL('apps/worker/dist/main.js', root)),
    },
    migrate: async (connectionString) => (await database).migrateDatabase(connectionString),
    prepareBuildUser: async () => null,
  };
}
