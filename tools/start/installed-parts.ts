import { fileURLToPath } from 'node:url';
import { prepareBuildUser } from './build-user.ts';
import type { ServerParts } from './run-server.ts';

/** What a built clone at `root` consists of. */
export function installedParts(root: URL, say: (sentence: string) => void): ServerParts {
  // Loading TypeORM takes longer than starting Postgres: both at the same time.
  const database = import('./migrate.ts');
  // A failure is met where it is awaited; until then it is not an unhandled one.
  database.catch(() => undefined);
  return {
    programs: {
      api: fileURLToPath(new URL('apps/api/dist/main.js', root)),
      worker: fileURLToPath(new URL('apps/worker/dist/main.js', root)),
    },
    migrate: async (connectionString) => (await database).migrateDatabase(connectionString),
    prepareBuildUser: () => prepareBuildUser(say),
    say,
  };
}
