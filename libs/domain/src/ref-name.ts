/** What a text in a trigger's `ref` field asks for. */
export type RefText =
  | { readonly kind: 'full'; readonly name: string }
  | { readonly kind: 'sha'; readonly sha: string }
  /** A branch, then a tag, then (when `prefix` is not null) the only commit whose SHA begins so. */
  | { readonly kind: 'name'; readonly name: string; readonly prefix: string | null };

export type RefTextResult =
  { readonly ok: true; readonly ref: RefText } | { readonly ok: false; readonly reason: string };

/** The shortest unique beginning of a SHA that is taken for one. */
export const shortestShaPrefix = 7;

const maximumLength = 1_000;

/** True for a full SHA-1 in lower case. */
export function isFullSha(text: string): boolean {
  return /^[0-9a-f]{40}$/.test(text);
}

/** True when git would accept this as the name of a branch or tag (`git check-ref-format`), without `refs/...`. */
export function isRefName(name: string): boolean {
  if (
    name === '' ||
    name === '@' ||
    name.length > maximumLength ||
    /[\u0000-\u0020\u007f~^:?*[\\]/.test(name)
  )
    return false;
  if (name.includes('..') || name.includes('@{') || name.endsWith('.') || !name.isWellFormed()) return false;
  return name.split('/').every((part) => part !== '' && !part.startsWith('.') && !part.endsWith('.lock'));
}

/** Reads the `ref` of a trigger: `refs/...` and `HEAD` literally, 40 hex digits as a SHA, else a name. */
export function parseRefText(text: string): RefTextResult {
  if (text === '') return { ok: false, reason: 'The ref is empty; name a branch, a tag or a commit.' };
  if (/^[0-9a-f]{40}$/i.test(text)) return { ok: true, ref: { kind: 'sha', sha: text.toLowerCase() } };
  if (!isRefName(text)) {
    return { ok: false, reason: 'The ref is not a name that git allows; name a branch, a tag or a commit.' };
  }
  if (text.startsWith('refs/') || text === 'HEAD') return { ok: true, ref: { kind: 'full', name: text } };
  const isPrefix = text.length >= shortestShaPrefix && /^[0-9a-f]{7,39}$/i.test(text);
  return { ok: true, ref: { kind: 'name', name: text, prefix: isPrefix ? text.toLowerCase() : null } };
}
