import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';

/** An encrypted text; base64 but for the key's id. */
export type SealedSecret = {
  readonly keyId: string;
  readonly nonce: string;
  /** With the authentication tag at its end. */
  readonly ciphertext: string;
};

/** A stored secret cannot be read: encrypted with another SECRET_KEY, moved to another row, or changed. */
export class SecretUnreadableError extends Error {
  override readonly name = 'SecretUnreadableError';
  readonly code = 'secret_unreadable';
}

const algorithm = 'aes-256-gcm';
const nonceBytes = 12;
const tagBytes = 16;

/**
 * Encrypts secrets for the database (AES-256-GCM, key derived from SECRET_KEY). The place, a name of the row, is bound
 * to the text: a ciphertext that was copied into another row does not open there.
 */
export class SecretCipher {
  readonly #key: Buffer;
  readonly #keyId: string;

  constructor(secretKey: string) {
    this.#key = Buffer.from(hkdfSync('sha256', secretKey, '', 'nohands secrets at rest', 32));
    this.#keyId = createHash('sha256').update(this.#key).digest('hex').slice(0, 16);
  }

  seal(text: string, place: string): SealedSecret {
    const nonce = randomBytes(nonceBytes);
    const cipher = createCipheriv(algorithm, this.#key, nonce, { authTagLength: tagBytes });
    cipher.setAAD(Buffer.from(place));
    const ciphertext = Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return {
      keyId: this.#keyId,
      nonce: nonce.toString('base64'),
      ciphertext: ciphertext.toString('base64'),
    };
  }

  /** Throws `SecretUnreadableError`, whose sentence says whether the key is the wrong one. */
  open(sealed: SealedSecret, place: string): string {
    if (sealed.keyId !== this.#keyId) {
      throw new SecretUnreadableError(
        `It was encrypted with another SECRET_KEY (${sealed.keyId}) than this process has (${this.#keyId}). ` +
          'Start all of NoHands with the former key, or enter the secret again.',
      );
    }
    try {
      return this.#decrypt(sealed, place);
    } catch (error) {
      // What node:crypto throws when the tag does not fit, or when nonce or text are cut short.
      throw new SecretUnreadableError(
        'It was changed in the database, or belongs to another row. Enter the secret again.',
        { cause: error },
      );
    }
  }

  #decrypt({ nonce, ciphertext }: SealedSecret, place: string): string {
    const bytes = Buffer.from(ciphertext, 'base64');
    const decipher = createDecipheriv(algorithm, this.#key, Buffer.from(nonce, 'base64'), {
      authTagLength: tagBytes,
    });
    decipher.setAAD(Buffer.from(place));
    decipher.setAuthTag(bytes.subarray(-tagBytes));
    return Buffer.concat([decipher.update(bytes.subarray(0, -tagBytes)), decipher.final()]).toString('utf8');
  }
}
