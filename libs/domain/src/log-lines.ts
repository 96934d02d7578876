export const logStreams = ['stdout', 'stderr', 'system'] as const;
export type LogStream = (typeof logStreams)[number];

/** A line as the engine gave it: text without its line end, valid Unicode, at most 16 KiB of UTF-8. */
export type CutLine = {
  /** Milliseconds since 1970, when the line was complete. */
  readonly time: number;
  /** Number of the step it belongs to, from 1; null for lines outside of steps. */
  readonly step: number | null;
  readonly stream: LogStream;
  readonly text: string;
  /** True when the line goes on in the next one of the same stream and step (it was longer than 16 KiB). */
  readonly partial: boolean;
};

/** A stored line: numbered 1..n over all attempts of a build. */
export type LogLine = CutLine & { readonly line: number; readonly attempt: number };

/** Lines dropped because of the size cap; their numbers stay taken. Bounds are inclusive. */
export type OmittedLines = { readonly from: number; readonly to: number; readonly bytes: number };
