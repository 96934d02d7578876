export type LogView = {
  readonly count: number;
  readonly rowHeight: number;
  readonly viewHeight: number;
  readonly scrollTop: number;
};
export type LogWindow = {
  /** Rows to draw: from `first`, before `last`. */
  readonly first: number;
  readonly last: number;
  /** Where the first drawn row lies, in pixels from the top of the content. */
  readonly offset: number;
  /** Height of the whole content in pixels. */
  readonly height: number;
};

/** Browsers cannot lay out more than about 16 million pixels; longer logs share these among their rows. */
const tallest = 8_000_000;
const margin = 20;

/** Which rows are in view, with a margin, for a log of any length. */
export function findLogWindow({ count, rowHeight, viewHeight, scrollTop }: LogView): LogWindow {
  const height = Math.min(count * rowHeight, tallest);
  const visible = Math.ceil(viewHeight / rowHeight) + 1;
  const top = topRow({ count, rowHeight, viewHeight, scrollTop });
  const first = Math.max(0, Math.floor(top) - margin);
  const last = Math.min(count, Math.floor(top) + visible + margin);
  return { first, last, offset: scrollTop - (top - first) * rowHeight, height };
}

/** The scroll position that brings `row` to the top. */
export function scrollTopOf(
  row: number,
  { count, rowHeight, viewHeight }: Omit<LogView, 'scrollTop'>,
): number {
  const whole = count * rowHeight;
  if (whole <= tallest) return row * rowHeight;
  return (row * rowHeight * (tallest - viewHeight)) / (whole - viewHeight);
}

function topRow({ count, rowHeight, viewHeight, scrollTop }: LogView): number {
  const whole = count * rowHeight;
  if (whole <= tallest) return scrollTop / rowHeight;
  return ((scrollTop / (tallest - viewHeight)) * (whole - viewHeight)) / rowHeight;
}
