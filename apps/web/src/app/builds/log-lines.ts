import { signal } from '@angular/core';
import type { LiveLogDto, LogEndDto, LogLineDto, LogOmittedDto } from '@nohands/api-client';

export type LogRow = LogLineDto | LogOmittedDto;
type LogRecord = LiveLogDto['records'][number];

/** The log as far as this tab has it: in order, without gap or repeat, whatever the connection did in between. */
export class LogLines {
  private readonly kept: LogRow[] = [];
  private readonly firstRowOfStep = new Map<string, number>();
  private known = 0;
  private widest = 0;
  /** Rises with each change: what draws reads it. */
  readonly version = signal(0);
  readonly end = signal<LogEndDto | null>(null);

  /** The cursor: every line up to here is kept or declared as omitted. */
  get lastLine(): number {
    return this.known;
  }

  get count(): number {
    return this.kept.length;
  }

  /** Characters of the longest row, so that sideways scrolling does not jump while rows come and go. */
  get columns(): number {
    return this.widest;
  }

  rows(first: number, last: number): readonly LogRow[] {
    return this.kept.slice(first, last);
  }

  /** Where a step begins; undefined as long as it has written nothing. */
  rowOfStep(attempt: number, step: number): number | undefined {
    return this.firstRowOfStep.get(`${attempt}/${step}`);
  }

  /**
   * Takes what arrived; lines already known are dropped. False when a line is missing in between: the rest was not
   * taken, and the caller asks again from `lastLine`.
   */
  append(records: readonly LogRecord[]): boolean {
    const isWhole = records.every((record) => this.take(record));
    this.version.update((version) => version + 1);
    return isWhole;
  }

  private take(record: LogRecord): boolean {
    if ('end' in record) {
      this.end.set(record);
      return true;
    }
    const [from, to] =
      'omitted' in record ? [record.omitted.from, record.omitted.to] : [record.line, record.line];
    if (to <= this.known) return true;
    if (from > this.known + 1) return false;
    this.keep(record);
    this.known = to;
    return true;
  }

  private keep(row: LogRow): void {
    if (!('omitted' in row)) {
      const step = `${row.attempt}/${row.step}`;
      if (row.step !== null && !this.firstRowOfStep.has(step))
        this.firstRowOfStep.set(step, this.kept.length);
      this.widest = Math.max(this.widest, row.text.length);
    }
    this.kept.push(row);
  }
}
