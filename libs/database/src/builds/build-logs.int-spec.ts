import { createHash } from 'node:crypto';
import { system, type CutLine } from '@nohands/domain';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NoticeListener } from '../notice-listener.js';
import type { Notice } from '../notices.js';
import { BuildLogsStore, type LogAppend } from './build-logs.store.js';
import { openLedger, type Ledger } from './ledger.fixture.js';
import { decodeChunk, encodeChunk, encodeOmission, textAfter } from './log-chunk.js';

const worker = system('worker');
const line = (text: string, over: Partial<CutLine> = {}): CutLine => ({
  time: 1,
  step: 2,
  stream: 'stdout',
  text,
  partial: false,
  ...over,
});

describe(BuildLogsStore.name, () => {
  let ledger: Ledger;
  let buildId: number;
  beforeEach(async () => {
    ledger = await openLedger();
    const place = await ledger.makeRepository('log');
    buildId = await ledger.builds.trigger(system('test'), {
      ...place,
      ref: null,
      branchName: null,
      pushToRegistry: false,
      timeoutSeconds: 1,
      imageTag: 't',
    });
    await ledger.claims.claimNext(worker, 'w', 'fake');
  });
  afterEach(() => ledger.close());

  const append = (expectedLine: number, texts: string[], attempt = 1): LogAppend => ({
    buildId,
    attempt,
    expectedLine,
    chunks: [
      encodeChunk(
        texts.map((text) => line(text)),
        expectedLine,
        attempt,
      ),
    ],
  });

  it('stores lines once, in order, and refuses what does not follow', async () => {
    expect(await ledger.logs.append(worker, [append(1, ['a', 'b'])])).toEqual(new Set([buildId]));
    expect(await ledger.logs.append(worker, [append(1, ['a', 'b'])])).toEqual(new Set());
    expect(await ledger.logs.append(worker, [append(3, ['c'], 2)])).toEqual(new Set());
    expect(await ledger.logs.append(worker, [append(3, ['c'])])).toEqual(new Set([buildId]));
    const chunks = await ledger.logs.read(worker, buildId, 0);
    expect(Buffer.concat(chunks.map(({ text }) => text)).toString()).toBe('a\nb\nc\n');
    expect(await ledger.logs.position(worker, buildId)).toMatchObject({
      nextLine: 4,
      bytes: 6,
      isFinal: false,
    });
  });

  it('reads on from any line', async () => {
    await ledger.logs.append(worker, [append(1, ['a', 'b', 'c'])]);
    await ledger.logs.append(worker, [append(4, ['d'])]);
    for (const [after, text] of [
      [0, 'a\nb\nc\nd\n'],
      [1, 'b\nc\nd\n'],
      [2, 'c\nd\n'],
      [3, 'd\n'],
      [4, ''],
    ] as const) {
      const chunks = await ledger.logs.read(worker, buildId, after);
      expect(Buffer.concat(chunks.map((chunk) => textAfter(chunk, after))).toString()).toBe(text);
      expect(chunks.flatMap((chunk) => decodeChunk(chunk, after))).toHaveLength(text.length / 2);
    }
  });

  it('keeps parts, empty lines, streams, steps and gaps as they were', async () => {
    const lines = [
      line(''),
      line('ü', { partial: true }),
      line('rest'),
      line('e', { stream: 'stderr', step: null, time: 9 }),
    ];
    const chunk = encodeChunk(lines, 1, 1);
    const gap = encodeOmission({ from: 5, to: 9, bytes: 50 }, 1);
    await ledger.logs.append(worker, [{ buildId, attempt: 1, expectedLine: 1, chunks: [chunk, gap] }]);
    const [stored, storedGap] = await ledger.logs.read(worker, buildId, 0);
    expect(stored?.text.toString()).toBe('\nürest\ne\n');
    expect(decodeChunk(stored!)).toEqual(
      lines.map((cut, index) => ({ line: { ...cut, line: index + 1, attempt: 1 } })),
    );
    expect(decodeChunk(storedGap!)).toEqual([{ omitted: { from: 5, to: 9, bytes: 50 } }]);
    expect(await ledger.logs.position(worker, buildId)).toMatchObject({ nextLine: 10 });
  });

  it('gives the tail of a long log', async () => {
    for (let index = 0; index < 20; index += 1)
      await ledger.logs.append(worker, [append(index + 1, ['x'.repeat(99)])]);
    const chunks = await ledger.logs.tail(worker, buildId, 250);
    expect(chunks.map(({ firstLine }) => firstLine)).toEqual([18, 19, 20]);
  });

  it('tells listeners when the lines are there, not before', async () => {
    const notices: Notice[] = [];
    let told = (): void => undefined;
    const heard = new Promise<void>((resolve) => (told = resolve));
    const listener = new NoticeListener(ledger.connectionString, {
      notice: (notice) => {
        notices.push(notice);
        told();
      },
      reconnected: () => undefined,
    });
    await listener.start();
    await ledger.logs.append(worker, [append(1, ['a'])]);
    await heard;
    expect(notices).toEqual([{ kind: 'logs', builds: [[buildId, 2]] }]);
    await listener.close();
  });

  it('comes back by itself when the connection is cut, and says so', async () => {
    let again = (): void => undefined;
    const reconnected = new Promise<void>((resolve) => (again = resolve));
    const listener = new NoticeListener(ledger.connectionString, {
      notice: () => undefined,
      reconnected: () => again(),
    });
    await listener.start();
    await ledger.dataSource.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'nohands-listen' AND datname = current_database()`,
    );
    await reconnected;
    expect(listener.isListening).toBe(true);
    await listener.close();
  });

  it('seals once, after the end', async () => {
    await ledger.logs.append(worker, [append(1, ['a'])]);
    const sha256 = createHash('sha256').update('a\n').digest('hex');
    await ledger.logs.seal(worker, buildId, 1, sha256);
    expect((await ledger.builds.find(worker, buildId))?.logSha256).toBeNull();
    const [build] = await ledger.dataSource.query('SELECT id, attempt FROM builds');
    await ledger.claims.succeed(worker, build, null);
    await ledger.logs.seal(worker, buildId, 1, sha256);
    await ledger.logs.seal(worker, buildId, 9, 'f'.repeat(64));
    expect(await ledger.builds.find(worker, buildId)).toMatchObject({ logLines: 1, logSha256: sha256 });
  });
});
