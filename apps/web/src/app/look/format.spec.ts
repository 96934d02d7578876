import { formatAge, formatBytes, formatDuration, subjectOf } from './format';

describe('formats', () => {
  it('durations say "1 m 12 s"', () => {
    expect([0, 4.25, 9.96, 59.4, 72.4, 3600, 7325].map(formatDuration)).toEqual([
      '0.0 s',
      '4.3 s',
      '10.0 s',
      '59 s',
      '1 m 12 s',
      '1 h 0 m',
      '2 h 2 m',
    ]);
  });

  it('sizes are decimal, as registries count', () => {
    expect([0, 999, 1000, 48_234_567, 999_999_999_999].map(formatBytes)).toEqual([
      '0 B',
      '999 B',
      '1.0 kB',
      '48.2 MB',
      '1000 GB',
    ]);
  });

  it('ages are short, and never in the future', () => {
    const now = 1_000_000_000_000;
    const ages = [-5, 3, 42, 300, 7200, 200_000, 4_000_000, 70_000_000].map((seconds) =>
      formatAge(now - seconds * 1000, now),
    );
    expect(ages).toEqual([
      'just now',
      'just now',
      '42 s ago',
      '5 min ago',
      '2 h ago',
      '2 d ago',
      '1 mo ago',
      '2 y ago',
    ]);
  });

  it('a commit is called by the first line of its message', () => {
    expect(subjectOf('Fix it\n\nBecause.')).toBe('Fix it');
  });
});
