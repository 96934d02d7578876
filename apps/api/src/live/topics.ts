import { largestId } from '../http/fields.js';

/** What one can follow over `/api/live`. */
export type StateTopic =
  | { readonly kind: 'builds' | 'repositories' | 'queue' }
  | { readonly kind: 'build' | 'repository'; readonly id: number };
export type Topic = StateTopic | { readonly kind: 'build-logs'; readonly id: number };

/** Reads a topic; null for what is none. */
export function parseTopic(text: string): Topic | null {
  if (text === 'builds' || text === 'repositories' || text === 'queue') return { kind: text };
  const match = /^(builds|repositories)\/(\d{1,10})(\/logs)?$/.exec(text);
  if (!match) return null;
  const id = Number(match[2]);
  if (id < 1 || id > largestId) return null;
  if (match[1] === 'builds') return { kind: match[3] ? 'build-logs' : 'build', id };
  return match[3] ? null : { kind: 'repository', id };
}

export type LiveRequest = {
  readonly event: 'subscribe' | 'unsubscribe';
  readonly topic: string;
  /** Logs only: the last line the reader has. */
  readonly after: number;
};

/** Reads a frame of a client; null for what is none. */
export function parseRequest(text: string): LiveRequest | null {
  const frame = parseJson(text);
  const { event, data } = (typeof frame === 'object' && frame !== null ? frame : {}) as Record<
    string,
    unknown
  >;
  if ((event !== 'subscribe' && event !== 'unsubscribe') || typeof data !== 'object' || data === null)
    return null;
  const { topic, after = 0 } = data as Record<string, unknown>;
  if (typeof topic !== 'string' || topic.length > 100) return null;
  if (typeof after !== 'number' || !Number.isInteger(after) || after < 0 || after > largestId) return null;
  return { event, topic, after };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // not JSON: no frame of ours
  }
}
