import {
  Component,
  DestroyRef,
  type ElementRef,
  afterRenderEffect,
  computed,
  inject,
  input,
  signal,
  untracked,
  viewChild,
} from '@angular/core';
import { getBuildLogs$Plain } from '@nohands/api-client';
import { LiveSocket } from '../live/live-socket';
import { formatBytes, formatExactTime } from '../look/format';
import { type AnsiPiece, ansiPieces } from './ansi-pieces';
import type { LogLines, LogRow } from './log-lines';
import { findLogWindow, scrollTopOf } from './log-window';

const rowHeight = 20;

/** The log: draws only the rows in view, and follows its end until somebody scrolls up. */
@Component({
  selector: 'nh-build-log',
  templateUrl: './build-log.html',
  styleUrl: './build-log.scss',
  host: { class: 'panel' },
})
export class BuildLog {
  protected readonly live = inject(LiveSocket);
  readonly lines = input.required<LogLines>();
  readonly buildId = input.required<number>();
  /** True while lines may still come. */
  readonly isOpen = input.required<boolean>();
  private readonly viewport = viewChild.required<ElementRef<HTMLElement>>('viewport');
  private readonly scrollTop = signal(0);
  private readonly viewHeight = signal(600);
  private readonly pieces = new WeakMap<LogRow, readonly AnsiPiece[]>();
  protected readonly isFollowing = signal(true);

  protected readonly count = computed(() => (this.lines().version(), this.lines().count));
  protected readonly lastLine = computed(() => (this.lines().version(), this.lines().lastLine));
  protected readonly columns = computed(() => (this.lines().version(), this.lines().columns));
  protected readonly gutter = computed(() => Math.max(3, String(this.lastLine()).length));
  protected readonly window = computed(() =>
    findLogWindow({ ...this.layout(), scrollTop: this.scrollTop() }),
  );
  protected readonly rows = computed(() => {
    const { first, last } = this.window();
    this.lines().version();
    return this.lines()
      .rows(first, last)
      .map((row) => this.draw(row));
  });
  protected readonly address = computed(() =>
    getBuildLogs$Plain.PATH.replace('{id}', String(this.buildId())),
  );
  private readonly layout = computed(() => ({
    count: this.count(),
    rowHeight,
    viewHeight: this.viewHeight(),
  }));

  constructor() {
    afterRenderEffect(() => {
      const height = this.window().height;
      if (this.isFollowing() && height > 0) untracked(() => this.scrollToEnd());
    });
    const observer = new ResizeObserver(([entry]) => this.viewHeight.set(entry?.contentRect.height ?? 600));
    afterRenderEffect(() => observer.observe(this.viewport().nativeElement));
    inject(DestroyRef).onDestroy(() => observer.disconnect());
  }

  followEnd(): void {
    this.isFollowing.set(true);
    this.scrollToEnd();
  }

  goToStart(): void {
    this.isFollowing.set(false);
    this.viewport().nativeElement.scrollTop = 0;
  }

  goToStep(attempt: number, step: number): void {
    const row = this.lines().rowOfStep(attempt, step);
    if (row === undefined) return;
    this.isFollowing.set(false);
    this.viewport().nativeElement.scrollTop = scrollTopOf(row, this.layout());
  }

  /** Scrolling up lets go of the end; coming back to it takes hold again. */
  protected scrolled(): void {
    const { scrollTop, scrollHeight, clientHeight } = this.viewport().nativeElement;
    const isAtEnd = scrollHeight - scrollTop - clientHeight < rowHeight;
    if (isAtEnd) this.isFollowing.set(true);
    else if (scrollTop < this.scrollTop()) this.isFollowing.set(false);
    this.scrollTop.set(scrollTop);
  }

  private scrollToEnd(): void {
    const element = this.viewport().nativeElement;
    element.scrollTop = element.scrollHeight;
    this.scrollTop.set(element.scrollTop);
  }

  private draw(row: LogRow) {
    if ('omitted' in row) {
      const { from, to, bytes } = row.omitted;
      const text = `Lines ${from} to ${to} (${formatBytes(bytes)}) were not kept: the log grew over its size limit.`;
      return {
        key: `omitted-${from}`,
        number: '',
        kind: 'omitted',
        mark: '',
        time: '',
        pieces: ansiPieces(text),
      };
    }
    const mark = { stdout: '', stderr: 'err', system: 'sys' }[row.stream];
    return {
      key: row.line,
      number: row.line,
      kind: row.stream,
      mark,
      time: formatExactTime(row.time),
      pieces: this.piecesOf(row, row.text),
    };
  }

  private piecesOf(row: LogRow, text: string): readonly AnsiPiece[] {
    const known = this.pieces.get(row) ?? ansiPieces(text);
    this.pieces.set(row, known);
    return known;
  }
}
