import type { GitCommit } from '@nohands/git';
import { describe, expect, it } from 'vitest';
import { CommitGraph } from './commit-graph.js';

type History = readonly (readonly [sha: string, ...parents: string[]])[];

/** Newest first, as git walks. */
async function read(history: History, limit = Infinity): Promise<CommitGraph> {
  async function* walk() {
    for (const [sha, ...parents] of history.slice(0, limit)) yield { sha, parents } as unknown as GitCommit;
  }
  return CommitGraph.read(walk(), limit);
}

/** Ancestors of a commit and itself, by the slow and sure way. */
function reach(history: History, sha: string): Set<string> {
  const found = new Set<string>();
  const open = [sha];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (found.has(next)) continue;
    found.add(next);
    open.push(...(history.find(([each]) => each === next)?.slice(1) ?? []));
  }
  return found;
}

/** A history of merges and forks that is the same in every run. */
function tangledHistory(count: number): History {
  let seed = 7;
  const random = (below: number) => (seed = (seed * 48_271) % 2_147_483_647) % below;
  return Array.from({ length: count }, (_, place) => {
    const older = count - place - 1;
    const wanted = older === 0 ? 0 : 1 + random(3);
    const parents = Array.from({ length: wanted }, () => `c${older - 1 - random(Math.min(older, 9))}`);
    return [`c${older}`, ...new Set(parents)] as const;
  });
}

describe(CommitGraph.name, () => {
  it('finds what a head reaches and what it gained, as a plain search of the history does', async () => {
    const history = tangledHistory(120);
    const graph = await read(history);
    const oldestFirst = history.map(([sha]) => sha).reverse();
    for (const head of oldestFirst.filter((_, index) => index % 7 === 0)) {
      const reached = reach(history, head);
      expect(graph.recent(head, 1_000)).toEqual(oldestFirst.filter((sha) => reached.has(sha)));
      for (const before of oldestFirst.filter((_, index) => index % 11 === 0)) {
        const old = reach(history, before);
        const gained = oldestFirst.filter((sha) => reached.has(sha) && !old.has(sha));
        expect(graph.gained(head, before, 1_000)).toEqual({
          isFastForward: reached.has(before),
          shas: gained,
        });
      }
    }
  });

  it('keeps the newest when there are more than wanted', async () => {
    const graph = await read([['c', 'b'], ['b', 'a'], ['a']]);
    expect(graph.recent('c', 2)).toEqual(['b', 'c']);
    expect(graph.gained('c', 'a', 1)?.shas).toEqual(['c']);
  });

  it('does not guess what lies beyond its edge', async () => {
    const history: History = [['e', 'd'], ['d', 'c'], ['c', 'b'], ['b', 'a'], ['a']];
    const graph = await read(history, 3);
    expect(graph.recent('e', 3)).toEqual(['c', 'd', 'e']);
    expect(graph.recent('e', 4)).toBeNull();
    expect(graph.recent('a', 4)).toBeNull();
    expect(graph.gained('e', 'd', 10)).toEqual({ isFastForward: true, shas: ['e'] });
    expect(graph.gained('e', 'a', 10)).toBeNull();
  });

  it('takes an old head that is nowhere in a whole history for a force-push', async () => {
    const graph = await read([['b', 'a'], ['a']]);
    expect(graph.gained('b', 'gone', 10)).toEqual({ isFastForward: false, shas: [] });
  });
});
