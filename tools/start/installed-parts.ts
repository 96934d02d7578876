import { fileURLToPath } from 'node:url';
import type { ServerParts } from './run-server.ts';

/** What a built clone at `root` consists of. */
export function installedParts(root: URL, say: (sentence: string) => void): ServerParts {
  // Loading TypeORM takes longer than starting Postgres: both at the same time.
  const database = import('@nohands/database');
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

/** Only root can make a user, and only Linux needs one; without it everything but builds works. */
async function prepareBuildUser(say: (sentence: string) => void): Promise<string | null> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return null;
  const engine = await import('@nohands/engine');
  try {
    return (await engine.prepareBuildUser()).name;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    say(`Warning: ${error.message}`);
    return null;
  }
}
