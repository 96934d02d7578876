/** The text as Postgres can hold it: everything but NUL, which becomes U+FFFD. */
export function storableText(text: string): string {
  return text.replaceAll('\0', '\uFFFD');
}
