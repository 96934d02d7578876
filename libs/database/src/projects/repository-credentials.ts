import { gitOrigin, type GitCredentials } from '@nohands/domain';
import type { EntityManager } from 'typeorm';
import type { SealedSecret, SecretCipher } from '../secret-cipher.js';

/** The encrypted user name and password of a repository, and the only place they may be sent to. */
export type StoredCredentials = SealedSecret & { readonly origin: string };

/** Credentials on their way into the store: encrypted for a row as soon as its id is known. */
export type CredentialsSeal = {
  readonly origin: string;
  readonly sealFor: (repositoryId: number) => SealedSecret;
};

/** Prepares credentials for `url` (http or https, as stored) to be written with their repository. */
export function sealCredentials(
  cipher: SecretCipher,
  url: string,
  { username, password }: GitCredentials,
): CredentialsSeal {
  const origin = gitOrigin(url);
  if (origin === null) throw new Error('Only http and https addresses take credentials.');
  const text = JSON.stringify({ username, password });
  return { origin, sealFor: (repositoryId) => cipher.seal(text, placeOf(repositoryId, origin)) };
}

/** Null when there are none, or none for the host of `url`. Throws `SecretUnreadableError`. */
export function openCredentials(
  cipher: SecretCipher,
  repository: { readonly id: number; readonly url: string },
  stored: StoredCredentials | null,
): GitCredentials | null {
  if (stored === null || stored.origin !== gitOrigin(repository.url)) return null;
  return JSON.parse(cipher.open(stored, placeOf(repository.id, stored.origin))) as GitCredentials;
}

/** The row, and the host: whoever can write to the database still cannot send a password to a host of theirs. */
function placeOf(repositoryId: number, origin: string): string {
  return `repository_credentials/${repositoryId}/${origin}`;
}

/** SQL expression: `StoredCredentials` of the row of `repository_credentials` in an alias; null without a row. */
export function storedCredentialsSql(alias: string): string {
  return `CASE WHEN ${alias}.repository_id IS NOT NULL THEN json_build_object('origin', ${alias}.origin,
    'keyId', ${alias}.key_id, 'nonce', encode(${alias}.nonce, 'base64'),
    'ciphertext', encode(${alias}.ciphertext, 'base64')) END`;
}

/** Writes credentials in the transaction of the caller, in place of former ones. */
export async function writeCredentials(
  manager: EntityManager,
  repositoryId: number,
  { origin, sealFor }: CredentialsSeal,
): Promise<void> {
  const { keyId, nonce, ciphertext } = sealFor(repositoryId);
  await manager.query(
    `INSERT INTO repository_credentials (repository_id, origin, key_id, nonce, ciphertext)
     VALUES ($1, $2, $3, decode($4, 'base64'), decode($5, 'base64'))
     ON CONFLICT ON CONSTRAINT pk_repository_credentials DO UPDATE SET origin = excluded.origin,
       key_id = excluded.key_id, nonce = excluded.nonce, ciphertext = excluded.ciphertext, updated_at = now()`,
    [repositoryId, origin, keyId, nonce, ciphertext],
  );
}

/** Forgets credentials that were given for another host than that of `url`. */
export async function dropForeignCredentials(
  manager: EntityManager,
  repositoryId: number,
  url: string,
): Promise<void> {
  await manager.query(
    'DELETE FROM repository_credentials WHERE repository_id = $1 AND origin IS DISTINCT FROM $2',
    [repositoryId, gitOrigin(url)],
  );
}
