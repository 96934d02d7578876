import { LogLines } from './log-lines';

function line(
  number: number,
  options: { readonly step?: number; readonly attempt?: number; readonly text?: string } = {},
) {
  const { step = 1, attempt = 1, text = `line ${number}` } = options;
  return { line: number, time: '2026-01-01T00:00:00.000Z', attempt, step, stream: 'stdout' as const, text };
}

const omitted = (from: number, to: number) => ({ omitted: { from, to, bytes: 1000 } });
const numbers = (lines: LogLines) =>
  lines
    .rows(0, lines.count)
    .map((row) => ('omitted' in row ? `${row.omitted.from}-${row.omitted.to}` : row.line));

describe(LogLines.name, () => {
  it('keeps lines in order and knows the last one', () => {
    const lines = new LogLines();
    expect(lines.append([line(1), line(2)])).toBe(true);
    expect(lines.append([line(3)])).toBe(true);
    expect(lines.lastLine).toBe(3);
    expect(numbers(lines)).toEqual([1, 2, 3]);
  });

  it('drops what a resumed connection repeats', () => {
    const lines = new LogLines();
    lines.append([line(1), line(2), line(3)]);
    expect(lines.append([line(2), line(3), line(4)])).toBe(true);
    expect(numbers(lines)).toEqual([1, 2, 3, 4]);
  });

  it('never shows a log with a hole: it takes nothing after the gap and says so', () => {
    const lines = new LogLines();
    expect(lines.append([line(1), line(3), line(4)])).toBe(false);
    expect(lines.lastLine).toBe(1);
    expect(numbers(lines)).toEqual([1]);
    expect(lines.append([line(2), line(3), line(4)])).toBe(true);
    expect(numbers(lines)).toEqual([1, 2, 3, 4]);
  });

  it('counts omitted lines as known, once', () => {
    const lines = new LogLines();
    expect(lines.append([line(1), omitted(2, 90), line(91)])).toBe(true);
    expect(lines.append([omitted(2, 90), line(91), line(92)])).toBe(true);
    expect(numbers(lines)).toEqual([1, '2-90', 91, 92]);
    expect(lines.lastLine).toBe(92);
  });

  it('finds the first row of a step of each attempt', () => {
    const lines = new LogLines();
    lines.append([
      line(1, { step: 1 }),
      line(2, { step: 4 }),
      line(3, { step: 4 }),
      line(4, { step: 1, attempt: 2 }),
    ]);
    expect(lines.rowOfStep(1, 4)).toBe(1);
    expect(lines.rowOfStep(2, 1)).toBe(3);
    expect(lines.rowOfStep(1, 9)).toBeUndefined();
  });

  it('remembers how the log ended', () => {
    const lines = new LogLines();
    lines.append([line(1), { end: true, status: 'success', log_lines: 1, log_sha256: null }]);
    expect(lines.end()?.status).toBe('success');
    expect(lines.count).toBe(1);
  });
});
