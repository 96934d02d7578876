/** `https://host/team/shop.git` -> "shop": what people would call the repository. Empty when nothing suits. */
export function proposeName(url: string): string {
  const last =
    url
      .trim()
      .replace(/[/\\]+$/, '')
      .split(/[/:\\]/)
      .at(-1) ?? '';
  return last.replace(/\.git$/, '').slice(0, 100);
}
