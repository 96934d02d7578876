import type { BuildLogsStore, LogAppend, LogPosition } from '@nohands/database';
import { decodeChunk } from '@nohands/database';
import { SecretMasker } from '@nohands/domain';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { BuildLog } from './build-log.js';
import { LogFlusher } from './log.flusher.js';

/** A store in memory that can lose its answer, be away, or fence a build. */
class MemoryLogs {
  readonly stored = new Map<number, LogAppend[]>();
  next = new Map<number, number>();
  failures: ('before' | 'after')[] = [];
  fenced = new Set<number>();

  async append(_writer: unknown, appends: readonly LogAppend[]): Promise<Set<number>> {
    const failure = this.failures.shift();
    if (failure === 'before') throw new Error('away');
    const taken = new Set<number>();
    for (const append of appends) {
      const next = this.next.get(append.buildId) ?? 1;
      if (this.fenced.has(append.buildId) || append.expectedLine !== next) continue;
      this.stored.set(append.buildId, [...(this.stored.get(append.buildId) ?? []), append]);
      this.next.set(append.buildId, append.chunks.at(-1)?.nextLine ?? next);
      taken.add(append.buildId);
    }
    if (failure === 'after') throw new Error('answer lost');
    return taken;
  }

  async position(_viewer: unknown, buildId: number): Promise<LogPosition> {
    const attempt = this.fenced.has(buildId) ? 2 : 1;
    const position = {
      nextLine: this.next.get(buildId) ?? 1,
      bytes: 0,
      attempt,
      isFinal: false,
      status: 'running',
    };
    return { ...position, logLines: null, logSha256: null };
  }

  text(buildId: number): string {
    return (this.stored.get(buildId) ?? [])
      .flatMap(({ chunks }) => chunks.map(({ text }) => text.toString()))
      .join('');
  }

  numbers(buildId: number): number[] {
    return (this.stored.get(buildId) ?? [])
      .flatMap(({ chunks }) => chunks.flatMap((chunk) => decodeChunk(chunk)))
      .map((record) => ('line' in record ? record.line.line : record.omitted.from));
  }
}

describe(LogFlusher.name, () => {
  const logs = new MemoryLogs();
  const flusher = new LogFlusher(logs as unknown as BuildLogsStore);
  let id = 0;
  const open = (limits = { maxBytes: 1e9, tailBytes: 1e3 }, secrets: string[] = []) => {
    id += 1;
    const outlet = flusher.open({ id, attempt: 1, nextLine: 1 });
    return { id, log: new BuildLog(outlet, new SecretMasker(secrets), { ...limits, bytesBefore: 0 }) };
  };
  const write = (log: BuildLog, text: string, step = 1) => log.output(step, 'stdout', Buffer.from(text));
  afterEach(() => {
    logs.failures = [];
    vi.useRealTimers();
  });

  it('stores every line once although the database is away and answers get lost', async () => {
    const { id: build, log } = open();
    logs.failures = ['before', 'after', 'before', 'after'];
    await write(log, 'a\nb\n');
    await write(log, 'c\nd');
    expect(await log.finish()).toBe(true);
    expect(logs.text(build)).toBe('a\nb\nc\nd\n');
    expect(logs.numbers(build)).toEqual([1, 2, 3, 4]);
  });

  it('stores the first line at once and what follows every 50 ms, however often lines come', async () => {
    vi.useFakeTimers();
    const outlet = new LogFlusher(logs as unknown as BuildLogsStore).open({
      id: 1_000,
      attempt: 1,
      nextLine: 1,
    });
    const log = new BuildLog(outlet, new SecretMasker([]), { maxBytes: 1e9, tailBytes: 1e3, bytesBefore: 0 });
    void write(log, 'first\n');
    await vi.advanceTimersByTimeAsync(1);
    expect(logs.text(1_000)).toBe('first\n');
    for (let index = 0; index < 48; index += 1) {
      void write(log, `${index}\n`);
      await vi.advanceTimersByTimeAsync(1);
    }
    expect(logs.stored.get(1_000)).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(2);
    expect(logs.stored.get(1_000)).toHaveLength(2);
    expect(logs.numbers(1_000)).toHaveLength(49);
  });

  it('writes nothing more once a newer attempt holds the build', async () => {
    const { id: build, log } = open();
    await write(log, 'mine\n');
    await log.finish();
    logs.fenced.add(build);
    await write(log, 'late\n');
    expect(await log.finish()).toBe(false);
    expect(logs.text(build)).toBe('mine\n');
  });

  it('makes a fast writer wait instead of keeping all in memory', async () => {
    const { id: build, log } = open();
    let waits = 0;
    for (let index = 0; index < 100; index += 1) {
      const room = write(log, `${'x'.repeat(99)}\n`.repeat(1_000));
      if (room !== undefined) waits += 1;
      await room;
    }
    expect(await log.finish()).toBe(true);
    expect(waits).toBeGreaterThan(5);
    expect(logs.text(build)).toHaveLength(10_000_000);
  });

  it('keeps head and tail of a log over its limit and declares what lies between', async () => {
    const { id: build, log } = open({ maxBytes: 30, tailBytes: 10 });
    for (let index = 1; index <= 20; index += 1) await write(log, `line ${String(index).padStart(3, '0')}\n`);
    await log.finish();
    expect(logs.text(build)).toBe(
      'line 001\nline 002\n[nohands: 17 lines (153 bytes) omitted, the log is over its size limit]\nline 020\n',
    );
    expect(logs.numbers(build)).toEqual([1, 2, 3, 20]);
  });

  it('masks secrets before anything is stored, also when they come in pieces', async () => {
    const { id: build, log } = open(undefined, ['hunter2-secret']);
    await write(log, 'pass hunter2-');
    await write(log, 'secret\n');
    await log.system('said hunter2-secret');
    await log.finish();
    expect(logs.text(build)).toBe('pass ***\nsaid ***\n');
    expect(log.lastLines()).toBe('pass ***');
  });
});
