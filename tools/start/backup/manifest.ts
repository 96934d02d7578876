import { createHash, createHmac } from 'node:crypto';

/** The last entry of a backup; docs/backup.md describes the format. */
export type Manifest = {
  readonly format: 'nohands-backup';
  readonly version: 1;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  /** Name of the last migration: a backup is restored by the version that knows exactly this schema. */
  readonly schema: string;
  readonly tables: readonly BackupTable[];
  /** All other entries, in order. */
  readonly entries: readonly BackupEntry[];
  readonly key: { readonly isIncluded: boolean; readonly fingerprint: string };
};

export type BackupTable = {
  readonly name: string;
  readonly columns: readonly string[];
  readonly rows: number;
};
export type BackupEntry = { readonly path: string; readonly bytes: number; readonly sha256: string };

export const manifestPath = 'manifest.json';
export const keyPath = 'secret.key';

/** Why there is no backup, or why it is not restored; the message says what to do. */
export class BackupError extends Error {
  override readonly name = 'BackupError';
  readonly code = 'backup_failed';
}

/** Tells whether two keys are the same without telling the key. */
export function fingerprintOf(key: string): string {
  return createHmac('sha256', key).update('nohands backup').digest('hex').slice(0, 16);
}

export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** What an entry's path says it is; null for a path that no backup has. */
export function readEntryPath(
  path: string,
): { kind: 'table'; table: string } | { kind: 'blob'; digest: string } | { kind: 'key' | 'manifest' } | null {
  if (path === manifestPath) return { kind: 'manifest' };
  if (path === keyPath) return { kind: 'key' };
  const [, table] = /^tables\/([a-z][a-z0-9_]*)\/\d{6}\.copy$/.exec(path) ?? [];
  if (table !== undefined) return { kind: 'table', table };
  const [, hex] = /^blobs\/sha256\/([0-9a-f]{64})$/.exec(path) ?? [];
  return hex === undefined ? null : { kind: 'blob', digest: `sha256:${hex}` };
}
