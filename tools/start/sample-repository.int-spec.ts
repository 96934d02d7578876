import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isStaticProgram, prepareSampleRepository } from './sample-repository.ts';

describe(prepareSampleRepository.name, () => {
  let dataDir: string;
  beforeEach(() => void (dataDir = mkdtempSync(join(tmpdir(), 'nohands-sample-'))));
  afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

  const git = (...args: string[]): string[] =>
    execFileSync('git', ['-C', join(dataDir, 'sample'), ...args], { encoding: 'utf8' })
      .trim()
      .split('\n');

  it('has three branches, a tag and a Dockerfile of twenty timed lines', async () => {
    await prepareSampleRepository(dataDir);
    expect(git('for-each-ref', '--format=%(refname:short)')).toEqual(['broken', 'faster', 'main', 'v1.0']);
    expect(git('symbolic-ref', '--short', 'HEAD')).toEqual(['main']);
    expect(git('log', '--format=%s', 'main')).toHaveLength(3);
    expect(readFileSync(join(dataDir, 'sample', 'Dockerfile'), 'utf8')).toMatch(/-le 20 \].*sleep 0\.25/);
    expect(git('status', '--porcelain')).toEqual(['']);
  });

  it('builds from nothing where a static busybox exists', async () => {
    await prepareSampleRepository(dataDir);
    const hasBusybox = isStaticProgram('/bin/busybox') || isStaticProgram('/usr/bin/busybox');
    const dockerfile = readFileSync(join(dataDir, 'sample', 'Dockerfile'), 'utf8');
    expect(dockerfile.startsWith('FROM scratch\nCOPY busybox')).toBe(hasBusybox);
    expect(existsSync(join(dataDir, 'sample', 'busybox'))).toBe(hasBusybox);
  });

  it('begins again after a crash on the way, and leaves a finished one alone', async () => {
    mkdirSync(join(dataDir, 'sample.new', '.git'), { recursive: true });
    await prepareSampleRepository(dataDir);
    const [head] = git('rev-parse', 'HEAD');
    await prepareSampleRepository(dataDir);
    expect(git('rev-parse', 'HEAD')).toEqual([head]);
    expect(existsSync(join(dataDir, 'sample.new'))).toBe(false);
  });
});

describe(isStaticProgram.name, () => {
  it('tells a program with an interpreter, and what is no program, from a static one', () => {
    expect(isStaticProgram('/bin/ls')).toBe(false);
    expect(isStaticProgram('/etc/passwd')).toBe(false);
    expect(isStaticProgram('/does/not/exist')).toBe(false);
  });
});
