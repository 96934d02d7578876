import { FirstSchema1764000000000 } from './migrations/1764000000000-first-schema.js';

/** Every migration, oldest first. A released one is never edited. */
export const migrations = [FirstSchema1764000000000];
