import { describe, expect, it } from 'vitest';
import { readCall } from './call-arguments.js';
import { nameInstruction } from './instruction-name.js';

function name(field: string, args: Record<string, string | string[]>) {
  return nameInstruction({ field, args: new Map(Object.entries(args)) });
}

describe(nameInstruction.name, () => {
  it('writes the shell form without its shell, and the exec form as JSON', () => {
    expect(name('withExec', { args: ['/bin/sh', '-c', 'echo a \\\n  && echo b'] })).toBe(
      'RUN echo a \\ && echo b',
    );
    expect(name('withExec', { args: ['/bin/bash', '-o', 'pipefail', '-c', 'a | b'] })).toBe('RUN a | b');
    expect(name('withExec', { args: ['echo', 'hi'] })).toBe('RUN ["echo","hi"]');
  });

  it('writes a COPY with its source and its place', () => {
    const args = { srcPath: '/src/app', path: '/app' };
    expect(name('__withDirectoryDockerfileCompat', args)).toBe('COPY src/app /app');
    expect(name('__withDirectoryDockerfileCompat', { srcPath: '/', path: '/app' })).toBe('COPY . /app');
  });

  it('cuts a long one, and knows no step for variables, whose values may be secret', () => {
    expect(name('withExec', { args: ['sh', '-c', 'x'.repeat(500)] })).toHaveLength(200);
    expect(name('withEnvVariable', { name: 'TOKEN', value: 'secret' })).toBeNull();
  });
});

describe(readCall.name, () => {
  it('answers null for bytes that are no call', () => {
    expect(readCall(Buffer.from([0xff, 0xff, 0xff]).toString('base64'))).toBeNull();
  });
});
