import { FirstSchema1764000000000 } from './migrations/1764000000000-first-schema.js';
import { RepositoryCredentials1764100000000 } from './migrations/1764100000000-repository-credentials.js';

/** Every migration, oldest first. A released one is never edited. */
export const migrations = [FirstSchema1764000000000, RepositoryCredentials1764100000000];
