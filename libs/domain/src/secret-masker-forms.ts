/** A secret shorter than this would be masked inside ordinary words, so it is refused when entered. */
export const minimumSecretLength = 6;
/** Longest value the masker takes, in UTF-16 units: what it may have to hold back of a log is bounded by this. */
export const maximumSecretLength = 65_536;

/** True when the value can be kept out of logs: 6 to 65,536 characters, not counting white space around it. */
export function acceptsSecret(value: string): boolean {
  return [...value.trim()].length >= minimumSecretLength && value.length <= maximumSecretLength;
}

/** Everything a masker looks for, without repetition. */
export type SecretForms = {
  /** Masked wherever they stand. */
  readonly anywhere: readonly string[];
  /** Values that look like a common word or number: masked only where no letter, digit or `_` touches them. */
  readonly wholeTokens: readonly string[];
  /** Base64: masked wherever they stand, also when line breaks (`base64` wraps at 76) lie inside. */
  readonly wrapped: readonly string[];
};

const commonWord = /^(?:[a-z]+|[A-Z]+|[A-Z][a-z]+|\d+)$/;
const longestCommonWord = 16;

function looksLikeCommonWord(value: string): boolean {
  return value.length <= longestCommonWord && commonWord.test(value);
}

/** The ways the given values may be written in a log. Throws RangeError for a value `acceptsSecret` refuses. */
export function secretForms(values: readonly string[]): SecretForms {
  const anywhere = new Set<string>();
  const wholeTokens = new Set<string>();
  const wrapped = new Set<string>();
  for (const value of values.flatMap(spellings)) {
    if (looksLikeCommonWord(value)) wholeTokens.add(value);
    else for (const form of [...rawForms(value), ...urlForms(value), ...jsonForms(value)]) anywhere.add(form);
    for (const form of base64Forms(value)) wrapped.add(form);
  }
  for (const line of values.flatMap(longLines))
    (looksLikeCommonWord(line) ? wholeTokens : anywhere).add(line);
  return { anywhere: [...anywhere], wholeTokens: [...wholeTokens], wrapped: [...wrapped] };
}

/** The value itself and without the white space around it, which shells and `$(cat file)` drop. */
function spellings(value: string): string[] {
  if (!acceptsSecret(value)) {
    throw new RangeError(`A secret has ${minimumSecretLength} to ${maximumSecretLength} characters`);
  }
  // Logs are decoded text, in which half a surrogate pair has become U+FFFD.
  const whole = value.toWellFormed();
  const trimmed = whole.trim();
  return whole === trimmed ? [whole] : [whole, trimmed];
}

/** Lines of a multi-line value that are secrets on their own: tools indent and prefix the lines of a key. */
function longLines(value: string): string[] {
  const lines = value.toWellFormed().split(/\r\n|\r|\n/);
  return lines.length === 1 ? [] : lines.map((line) => line.trim()).filter(acceptsSecret);
}

function rawForms(value: string): string[] {
  const unix = value.replaceAll('\r\n', '\n');
  return [value, unix, unix.replaceAll('\n', '\r\n')];
}

/**
 * encodeURIComponent, RFC 3986 (also with `/` kept and with `+` for space), a whole URI, a browser's form, the
 * password of a URL; each also with lower-case hex.
 */
function urlForms(value: string): string[] {
  const plain = encodeURIComponent(value);
  const strict = plain.replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
  const address = new URL('https://user@localhost');
  address.password = value;
  const form = new URLSearchParams([['', value]]).toString().slice(1);
  const rfc3986 = [strict, strict.replaceAll('%2F', '/'), strict.replaceAll('%20', '+')];
  const forms = [plain, ...rfc3986, encodeURI(value), form, address.password];
  return [...forms, ...forms.map((text) => text.replace(/%[0-9A-F]{2}/g, (hex) => hex.toLowerCase()))];
}

/** As JavaScript, Go (`<>&` escaped), PHP (`/` escaped) and Python (ASCII only) write a JSON string. */
function jsonForms(value: string): string[] {
  const plain = JSON.stringify(value).slice(1, -1);
  const escape = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  const htmlSafe = plain.replace(/[<>&\u2028\u2029]/g, escape);
  const ascii = plain.replace(/[^\x00-\x7f]/g, escape);
  return [plain, htmlSafe, plain.replaceAll('/', '\\/'), ascii, ascii.replaceAll('/', '\\/')];
}

/**
 * The characters of base64 that depend on nothing but the value, for each of the three places it can start in a
 * group of three bytes, in both alphabets. The at most two characters it shares with its neighbours are left.
 */
function base64Forms(value: string): string[] {
  const bytes = Buffer.from(value, 'utf8');
  return [0, 1, 2].flatMap((offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64');
    const from = Math.ceil((offset * 8) / 6);
    const own = encoded.slice(from, Math.floor(((offset + bytes.length) * 8) / 6));
    return [own, own.replaceAll('+', '-').replaceAll('/', '_')];
  });
}
