import { describe, expect, it } from 'vitest';
import { SecretCipher, SecretUnreadableError } from './secret-cipher.js';

const cipher = new SecretCipher('a key of the tests, long enough to count');
const text = 'pässword "with" \u{1f511} everything';
const flip = (base64: string, index: number) => {
  const bytes = Buffer.from(base64, 'base64');
  bytes.writeUInt8(bytes.readUInt8(index) ^ 1, index);
  return bytes.toString('base64');
};
const refusal = (work: () => unknown) => {
  try {
    work();
  } catch (error) {
    return error;
  }
  return null;
};

describe(SecretCipher.name, () => {
  it('opens what it sealed, also in another process with the same key', () => {
    const sealed = cipher.seal(text, 'row/1');
    expect(cipher.open(sealed, 'row/1')).toBe(text);
    expect(new SecretCipher('a key of the tests, long enough to count').open(sealed, 'row/1')).toBe(text);
    expect(cipher.open(cipher.seal('', 'row/1'), 'row/1')).toBe('');
  });

  it('never makes the same ciphertext twice, and shows nothing of the text', () => {
    const [one, two] = [cipher.seal(text, 'row/1'), cipher.seal(text, 'row/1')];
    expect(one.nonce).not.toBe(two.nonce);
    expect(one.ciphertext).not.toBe(two.ciphertext);
    expect(Buffer.from(one.ciphertext, 'base64').includes('with')).toBe(false);
  });

  it('says so when the key is another one', () => {
    const other = new SecretCipher('another key of the tests, long enough to count');
    const error = refusal(() => other.open(cipher.seal(text, 'row/1'), 'row/1'));
    expect(error).toBeInstanceOf(SecretUnreadableError);
    expect(String(error)).toMatch(/another SECRET_KEY/);
    expect(String(error)).not.toContain('key of the tests');
  });

  it('refuses a ciphertext of another row, and a changed or shortened one', () => {
    const sealed = cipher.seal(text, 'row/1');
    const bad = [
      () => cipher.open(sealed, 'row/2'),
      () => cipher.open({ ...sealed, nonce: flip(sealed.nonce, 0) }, 'row/1'),
      () => cipher.open({ ...sealed, nonce: '' }, 'row/1'),
      () => cipher.open({ ...sealed, ciphertext: flip(sealed.ciphertext, 3) }, 'row/1'),
      () => cipher.open({ ...sealed, ciphertext: sealed.ciphertext.slice(0, 16) }, 'row/1'),
      () => cipher.open({ ...sealed, ciphertext: '' }, 'row/1'),
    ];
    for (const work of bad) {
      const error = refusal(work);
      expect(error).toBeInstanceOf(SecretUnreadableError);
      expect(String(error)).toMatch(/changed in the database/);
    }
  });
});
