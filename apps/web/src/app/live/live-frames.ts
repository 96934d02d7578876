import type {
  BuildDto,
  BuildStateDto,
  LiveErrorDto,
  LiveLogDto,
  QueueDto,
  RepositoryDto,
} from '@nohands/api-client';

/** What a state topic sends: the whole row, under the name of what it is. */
export type LiveState = {
  readonly topic: string;
  readonly build?: BuildDto | BuildStateDto;
  readonly repository?: RepositoryDto;
  readonly queue?: QueueDto;
};

/** What the server sends on `/api/live`. */
export type LiveFrame =
  | { readonly event: 'subscribed'; readonly data: { readonly topic: string } }
  | { readonly event: 'log'; readonly data: LiveLogDto }
  | { readonly event: 'state'; readonly data: LiveState }
  | { readonly event: 'error'; readonly data: LiveErrorDto }
  | { readonly event: 'ping'; readonly data?: unknown };

const knownEvents: ReadonlySet<unknown> = new Set<LiveFrame['event']>([
  'subscribed',
  'log',
  'state',
  'error',
  'ping',
]);

/** Reads one frame; null for what this version does not know (a newer server may say more). */
export function readFrame(text: unknown): LiveFrame | null {
  if (typeof text !== 'string') return null;
  try {
    const frame: unknown = JSON.parse(text);
    if (typeof frame !== 'object' || frame === null || !('event' in frame)) return null;
    return knownEvents.has(frame.event) ? (frame as LiveFrame) : null;
  } catch {
    return null; // Cut in the middle: the connection is about to close and resume.
  }
}
