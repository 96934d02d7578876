import { describe, expect, it } from 'vitest';
import { hashPassword, verifyPassword } from './passwords.js';

describe('passwords', () => {
  it('are kept as argon2id with the cost in the string, never twice the same', async () => {
    const [first, second] = await Promise.all([hashPassword('secret word'), hashPassword('secret word')]);
    expect(first).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/);
    expect(second).not.toBe(first);
    expect(await verifyPassword('secret word', first)).toBe(true);
    expect(await verifyPassword('Secret word', first)).toBe(false);
  });

  it('fit a hash that the reference program made, with another cost', async () => {
    // The known answer of the reference program for "password" and "somesalt".
    const reference = '$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4';
    expect(await verifyPassword('password', reference)).toBe(true);
  });

  it('are the same however a keyboard composes them', async () => {
    expect(await verifyPassword('cafe\u0301 noir', await hashPassword('caf\u00e9 noir'))).toBe(true);
  });

  it('fit no account that has none, and no broken hash', async () => {
    expect(await verifyPassword('', null)).toBe(false);
    for (const hash of ['', 'x', '$argon2i$v=19$m=256,t=2,p=1$c29tc2FsdA$AAAA', '$2b$10$x']) {
      expect(await verifyPassword('x', hash)).toBe(false);
    }
  });
});
