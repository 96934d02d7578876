import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

const argon2id = promisify(argon2);

/** OWASP's first choice: 19 MiB, two passes, one lane. */
const cost = { memory: 19 * 1024, passes: 2, parallelism: 1, tagLength: 32 } as const;
const saltLength = 16;

/** Hashes a password with argon2id; the answer is a PHC string that carries its own cost. */
export async function hashPassword(password: string): Promise<string> {
  const nonce = randomBytes(saltLength);
  const tag = await derive(password, nonce, cost);
  return `$argon2id$v=19$m=${cost.memory},t=${cost.passes},p=${cost.parallelism}$${encode(nonce)}$${encode(tag)}`;
}

/** True when the password fits; a null hash costs the same time, so that nobody learns which accounts exist. */
export async function verifyPassword(password: string, phc: string | null): Promise<boolean> {
  const parsed = parsePhc(phc ?? unmatchable);
  if (parsed === null) return false;
  const tag = await derive(password, parsed.nonce, { ...parsed.cost, tagLength: parsed.tag.length });
  return timingSafeEqual(tag, parsed.tag) && phc !== null;
}

const unmatchable = `$argon2id$v=19$m=${cost.memory},t=${cost.passes},p=${cost.parallelism}$${encode(Buffer.alloc(saltLength))}$${encode(Buffer.alloc(cost.tagLength))}`;

type Cost = { memory: number; passes: number; parallelism: number; tagLength: number };

function derive(password: string, nonce: Buffer, parameters: Cost): Promise<Buffer> {
  return argon2id('argon2id', { message: password.normalize('NFKC'), nonce, ...parameters });
}

function parsePhc(phc: string): { cost: Omit<Cost, 'tagLength'>; nonce: Buffer; tag: Buffer } | null {
  const match =
    /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,3})\$([\w+/-]{11,86})\$([\w+/-]{22,86})$/.exec(phc);
  if (!match) return null;
  const [, memory, passes, parallelism, nonce = '', tag = ''] = match;
  return {
    cost: { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) },
    nonce: Buffer.from(nonce, 'base64'),
    tag: Buffer.from(tag, 'base64'),
  };
}

function encode(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('=', '');
}
