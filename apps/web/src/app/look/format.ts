/** `72.4` -> "1 m 12 s"; below ten seconds with one decimal. */
export function formatDuration(seconds: number): string {
  if (seconds < 10) return `${Math.max(0, seconds).toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} m ${whole % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} m`;
}

const sizeUnits = ['B', 'kB', 'MB', 'GB', 'TB'];

/** Bytes in the decimal units that registries use: `1234567` -> "1.2 MB". */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < sizeUnits.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${sizeUnits[unit]}`;
}

const ages: readonly (readonly [number, number, string])[] = [
  [60, 1, 's'],
  [3600, 60, 'min'],
  [86_400, 3600, 'h'],
  [86_400 * 30, 86_400, 'd'],
  [86_400 * 365, 86_400 * 30, 'mo'],
];

/** How long ago, short: "just now", "5 min ago", "3 d ago". A clock that runs behind never gives a future. */
export function formatAge(then: number, now: number): string {
  const seconds = Math.floor((now - then) / 1000);
  if (seconds < 10) return 'just now';
  for (const [below, unit, word] of ages)
    if (seconds < below) return `${Math.floor(seconds / unit)} ${word} ago`;
  return `${Math.floor(seconds / (86_400 * 365))} y ago`;
}

const exact = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

/** The exact time in the reader's own zone and language. */
export function formatExactTime(time: string): string {
  return exact.format(new Date(time));
}

/** The first line of a commit message. */
export function subjectOf(message: string): string {
  return message.split('\n', 1)[0] ?? '';
}
