import type { EngineCall } from './call-arguments.js';

const nameLimit = 200;

/**
 * A call of the engine as the instruction of the Dockerfile it stands for, on one line and at most 200 characters;
 * null for calls that are no step. Variables are none: the engine sets them around every RUN, and build arguments
 * with their values are among them.
 */
export function nameInstruction(call: EngineCall): string | null {
  const words = wordsOf(call);
  if (words === null) return null;
  const line = words.replace(/\s+/g, ' ').trim();
  return line.length > nameLimit ? `${line.slice(0, nameLimit - 1)}…` : line;
}

function wordsOf({ field, args }: EngineCall): string | null {
  switch (field) {
    case 'withExec':
      return nameRun(args.get('args'));
    case '__withDirectoryDockerfileCompat':
      return `COPY ${String(args.get('srcPath') ?? '').replace(/^\//, '') || '.'} ${String(args.get('path') ?? '')}`;
    default:
      return null;
  }
}

/** `[shell, -c, text]` is the shell form of RUN, whatever the shell; everything else the exec form. */
function nameRun(args: unknown): string {
  const words = Array.isArray(args) ? args.map(String) : [];
  const text = words.at(-1);
  return text !== undefined && words.length > 2 && words.at(-2) === '-c'
    ? `RUN ${text}`
    : `RUN ${JSON.stringify(words)}`;
}
