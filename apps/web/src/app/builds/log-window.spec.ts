import { findLogWindow, scrollTopOf } from './log-window';

const view = { rowHeight: 20, viewHeight: 600 };

describe(findLogWindow.name, () => {
  it('draws what is in view and a margin, however long the log is', () => {
    const window = findLogWindow({ ...view, count: 100_000, scrollTop: 20_000 });
    expect(window.first).toBe(980);
    expect(window.last).toBe(1051);
    expect(window.offset).toBe(19_600);
    expect(window.height).toBe(2_000_000);
  });

  it('stays within a short log', () => {
    expect(findLogWindow({ ...view, count: 3, scrollTop: 0 })).toEqual({
      first: 0,
      last: 3,
      offset: 0,
      height: 60,
    });
    expect(findLogWindow({ ...view, count: 0, scrollTop: 0 }).last).toBe(0);
  });

  it('reaches first and last line of a log that no browser could lay out', () => {
    const count = 9_000_000;
    const top = findLogWindow({ ...view, count, scrollTop: 0 });
    expect(top.first).toBe(0);
    const bottom = findLogWindow({ ...view, count, scrollTop: top.height - view.viewHeight });
    expect(top.height).toBeLessThanOrEqual(8_000_000);
    expect(bottom.last).toBe(count);
    // The last row ends where the content ends.
    expect(bottom.offset + (bottom.last - bottom.first) * view.rowHeight).toBeCloseTo(bottom.height, 0);
  });

  it('scrolls to a row that is then at the top, short log or long', () => {
    for (const count of [5_000, 9_000_000]) {
      const row = Math.floor(count / 3);
      const scrollTop = scrollTopOf(row, { ...view, count });
      const window = findLogWindow({ ...view, count, scrollTop });
      expect(window.offset + (row - window.first) * view.rowHeight).toBeCloseTo(scrollTop, 0);
    }
  });
});
