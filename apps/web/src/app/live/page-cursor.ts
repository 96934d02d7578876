/** The cursor inside `next` or `previous`, which are addresses; null at either end of a list. */
export function cursorOf(address: string | null): string | null {
  return address === null ? null : new URL(address, location.origin).searchParams.get('cursor');
}
