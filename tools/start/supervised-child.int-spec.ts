import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SupervisedChild } from './supervised-child.ts';

/** Tells its pid as its port; what it does on `stop` is the test's. */
const child = (onStop: string): string => `
process.on('message', (message) => { if (message === 'stop') { ${onStop} } });
process.on('disconnect', () => process.exit(0));
process.send({ ready: true, port: process.pid });
`;

describe(SupervisedChild.name, () => {
  let folder: string;
  const never = new AbortController().signal;
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'nohands-supervised-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function supervise(source: string, isEssential = true) {
    const file = join(folder, 'child.mjs');
    writeFileSync(file, source);
    const said: string[] = [];
    const heard: ((pid: number) => void)[] = [];
    let giveUp: (sentence: string) => void = () => undefined;
    const givenUp = new Promise<string>((resolve) => void (giveUp = resolve));
    const supervised = new SupervisedChild(
      { name: 'worker', file, environment: { PATH: '/usr/bin:/bin' }, isEssential },
      {
        say: (sentence) => said.push(sentence),
        givenUp: (sentence) => giveUp(sentence),
        message: ({ port }) => heard.shift()?.(port ?? 0),
      },
    );
    const nextReady = (): Promise<number> => new Promise((resolve) => heard.push(resolve));
    return { supervised, said, nextReady, givenUp };
  }

  it('starts a killed child again at once', async () => {
    const { supervised, said, nextReady } = supervise(child('process.exit(0)'));
    const first = await nextReady();
    const again = nextReady();
    process.kill(first, 'SIGKILL');
    expect(await again).not.toBe(first);
    expect(said).toEqual(['The worker was ended by SIGKILL; it is started again at once.']);
    await supervised.stop(5_000, never);
  });

  it('lets a child stop in good order and does not start it again', async () => {
    const { supervised, said, nextReady } = supervise(child('setTimeout(() => process.exit(0), 50)'));
    const pid = await nextReady();
    await supervised.stop(5_000, never);
    expect(said).toEqual([]);
    expect(() => process.kill(pid, 0)).toThrow(/ESRCH/);
    expect(supervised.pid).toBeNull();
  });

  it('kills a child that does not stop, and hurries when asked to', async () => {
    const { supervised, said, nextReady } = supervise(child(''));
    await nextReady();
    await supervised.stop(50, never);
    expect(said).toEqual(['The worker did not stop in time and is killed.']);
    const other = supervise(child(''));
    await other.nextReady();
    await other.supervised.stop(60_000, AbortSignal.abort());
    expect(other.supervised.pid).toBeNull();
  });

  it('kills a child whose event loop is blocked', async () => {
    const { supervised, nextReady } = supervise(
      `process.send({ ready: true, port: process.pid }, () => { for (;;); });`,
    );
    await nextReady();
    await supervised.stop(50, never);
    expect(supervised.pid).toBeNull();
  });

  it('gives up an essential child that never becomes ready', async () => {
    const { givenUp, said } = supervise('process.exit(7)');
    expect(await givenUp).toBe(
      'The worker cannot start: it ended with code 7. What it wrote above says why.',
    );
    expect(said).toHaveLength(2);
  });

  it('gives up at once where the child says that its configuration cannot work', async () => {
    const { givenUp, said } = supervise('process.exit(78)');
    expect(await givenUp).toMatch(/ended with code 78/);
    expect(said).toEqual([]);
  });
});
