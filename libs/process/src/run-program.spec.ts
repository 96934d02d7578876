import { describe, expect, it } from 'vitest';
import { ProgramNotFound, ProgramNotStarted, baseEnvironment, runProgram, startProgram } from './index.js';

const environment = baseEnvironment();
const node = { command: process.execPath, environment };

describe(runProgram.name, () => {
  it('collects output, error output and the exit code', async () => {
    const script = 'process.stdout.write("out");process.stderr.write("err");process.exitCode=3';
    const result = await runProgram({ ...node, args: ['-e', script] });
    expect(result).toMatchObject({
      exitCode: 3,
      signal: null,
      timedOut: false,
      stderr: 'err',
      truncated: false,
    });
    expect(result.stdout.toString()).toBe('out');
  });

  it('hands over arguments and input as they are', async () => {
    const odd = ['$(id)', '; rm -rf /', '*', 'a b', '', '\'"\n'];
    const script =
      'process.stdin.pipe(process.stdout);process.stderr.write(JSON.stringify(process.argv.slice(1)))';
    const result = await runProgram({
      ...node,
      args: ['-e', script, ...odd],
      stdin: Buffer.from([0, 255, 10]),
    });
    expect(JSON.parse(result.stderr)).toEqual(odd);
    expect([...result.stdout]).toEqual([0, 255, 10]);
  });

  it('inherits nothing from this environment', async () => {
    process.env['NOHANDS_TEST_SECRET'] = 'x';
    const result = await runProgram({
      command: 'env',
      args: [],
      environment: baseEnvironment({ MINE: '1' }),
    });
    delete process.env['NOHANDS_TEST_SECRET'];
    const names = result.stdout
      .toString()
      .trim()
      .split('\n')
      .map((line) => line.split('=')[0]);
    expect(names.sort()).toEqual(['HOME', 'LANG', 'MINE', 'NOHANDS_PROGRAM', 'PATH']);
  });

  it('says which program was not found', async () => {
    await expect(runProgram({ command: 'no-such-program', args: [], environment })).rejects.toThrow(
      ProgramNotFound,
    );
    await expect(runProgram({ command: 'env', args: [], environment: {} })).rejects.toThrow('"env"');
    await expect(runProgram({ command: '../bin/env', args: [], environment })).rejects.toThrow(
      ProgramNotFound,
    );
  });

  it('says when the working directory is missing', async () => {
    await expect(runProgram({ ...node, args: [], cwd: '/no/such/directory' })).rejects.toThrow(
      ProgramNotStarted,
    );
  });

  it('ends a program that writes more than the limit', async () => {
    const result = await runProgram({ command: 'yes', args: [], environment, maxOutputBytes: 1000 });
    expect(result.truncated).toBe(true);
    expect(result.stdout.length).toBe(1000);
  });

  it('keeps the last 64 KiB of error output', async () => {
    const script = 'process.stderr.write("a".repeat(100000)+"end")';
    const result = await runProgram({ ...node, args: ['-e', script] });
    expect(result.stderr.length).toBe(64 * 1024);
    expect(result.stderr.endsWith('aend')).toBe(true);
  });

  it('ends a program at the deadline', async () => {
    const result = await runProgram({ command: 'sleep', args: ['1000'], environment, deadlineMs: 50 });
    expect(result).toMatchObject({ timedOut: true, exitCode: null, signal: 'SIGTERM' });
  });

  it('rejects with the reason of the abort', async () => {
    const request = { command: 'sleep', args: ['1000'], environment };
    const reason = new Error('cancelled by somebody');
    await expect(runProgram({ ...request, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const controller = new AbortController();
    const running = runProgram({ ...request, signal: controller.signal });
    controller.abort(reason);
    await expect(running).rejects.toBe(reason);
  });
});

describe(startProgram.name, () => {
  it('keeps standard input open when asked to', async () => {
    const program = startProgram({ command: 'cat', args: [], environment, stdin: 'open' });
    const echoed = new Promise((resolve) => program.stdout.once('data', (chunk) => resolve(String(chunk))));
    program.stdin?.write('hello');
    expect(await echoed).toBe('hello');
    program.stdin?.end();
    expect(await program.exited).toEqual({ exitCode: 0, signal: null, timedOut: false });
  });
});
