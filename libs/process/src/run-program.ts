import type { Readable } from 'node:stream';
import type { ProgramExit, ProgramRequest } from './program.js';
import { startProgram } from './start-program.js';

export type ProgramResult = ProgramExit & {
  readonly stdout: Buffer;
  /** The last 64 KiB, as UTF-8. */
  readonly stderr: string;
  /** True when standard output passed `maxOutputBytes`: the program was ended and `stdout` is its beginning. */
  readonly truncated: boolean;
};

const defaultMaxOutputBytes = 16 * 1024 * 1024;
const stderrTailBytes = 64 * 1024;

/**
 * Runs a program to its end and collects its output. Ends it at the deadline, at the abort and past `maxOutputBytes`
 * of standard output (16 MiB when absent). Rejects with `ProgramNotFound`, `ProgramNotStarted` or, once everything is
 * gone, with the reason of the abort; any exit code is a result.
 */
export async function runProgram(
  request: ProgramRequest & { readonly maxOutputBytes?: number },
): Promise<ProgramResult> {
  const program = startProgram(request);
  const maxBytes = request.maxOutputBytes ?? defaultMaxOutputBytes;
  const stdout = collectHead(program.stdout, maxBytes, () => void program.stop().catch(() => undefined));
  const stderr = collectTail(program.stderr, stderrTailBytes);
  const exit = await program.exited;
  if (exit.timedOut || stdout.isFull() || request.signal?.aborted === true) await program.stop();
  request.signal?.throwIfAborted();
  return {
    ...exit,
    stdout: stdout.read(),
    stderr: stderr.read().toString('utf8'),
    truncated: stdout.isFull(),
  };
}

function collectHead(stream: Readable, limit: number, onFull: () => void) {
  const chunks: Buffer[] = [];
  let bytes = 0;
  stream.on('data', (chunk: Buffer) => {
    if (bytes > limit) return;
    bytes += chunk.length;
    chunks.push(chunk);
    if (bytes > limit) onFull();
  });
  return { read: () => Buffer.concat(chunks).subarray(0, limit), isFull: () => bytes > limit };
}

function collectTail(stream: Readable, limit: number) {
  let tail: Buffer = Buffer.alloc(0);
  stream.on('data', (chunk: Buffer) => {
    tail = Buffer.concat([tail, chunk]);
    if (tail.length > limit) tail = Buffer.from(tail.subarray(tail.length - limit));
  });
  return { read: () => tail };
}
