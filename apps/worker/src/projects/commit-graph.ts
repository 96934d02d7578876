import type { GitCommit } from '@nohands/git';

/** What a branch gained since its old head, oldest first; `isFastForward` when the old head is among its ancestors. */
export type Gain = { readonly isFastForward: boolean; readonly shas: readonly string[] };

type GraphCommit = Pick<GitCommit, 'sha' | 'parents'>;

const beyond = -1;
const reachedByNew = 1;
const reachedByOld = 2;

/**
 * The newest commits of a repository and who their parents are, children always before parents. Answers what one walk
 * of git per branch would; null where the answer lies beyond its edge.
 */
export class CommitGraph {
  readonly #shas: string[] = [];
  readonly #parents: number[][] = [];
  readonly #places = new Map<string, number>();
  readonly #marks: Uint8Array;
  readonly #isWhole: boolean;

  private constructor(commits: readonly GraphCommit[], isWhole: boolean) {
    commits.forEach(({ sha }, place) => {
      this.#shas.push(sha);
      this.#places.set(sha, place);
    });
    for (const { parents } of commits) {
      this.#parents.push(parents.map((sha) => this.#places.get(sha) ?? beyond));
    }
    this.#marks = new Uint8Array(commits.length);
    this.#isWhole = isWhole;
  }

  /** From a walk, newest first, that gives `limit` commits at most. */
  static async read(walk: AsyncIterable<GitCommit>, limit: number): Promise<CommitGraph> {
    const commits: GraphCommit[] = [];
    for await (const { sha, parents } of walk) commits.push({ sha, parents });
    return new CommitGraph(commits, commits.length < limit);
  }

  /** The newest commits that a head reaches, `most` of them, oldest first. */
  recent(head: string, most: number): readonly string[] | null {
    const start = this.#places.get(head);
    if (start === undefined) return null;
    this.#marks.fill(0);
    this.#marks[start] = reachedByNew;
    const { shas, isCut } = this.#collect(start, most);
    return isCut && shas.length < most ? null : shas.reverse();
  }

  /** What `head` reaches and `before` does not. Cut to the `most` newest, which are then not all. */
  gained(head: string, before: string, most: number): Gain | null {
    const [to, from] = [this.#places.get(head), this.#places.get(before)];
    if (to === undefined) return null;
    // All that the new head reaches is here: then it does not reach the old one.
    if (from === undefined) return this.#isWhole ? { isFastForward: false, shas: [] } : null;
    this.#marks.fill(0);
    this.#marks[to] = reachedByNew;
    this.#marks[from] = (this.#marks[from] ?? 0) | reachedByOld;
    const { shas, isCut } = this.#collect(Math.min(to, from), most);
    if (isCut && shas.length < most) return null;
    return {
      isFastForward: ((this.#marks[from] ?? 0) & reachedByNew) !== 0,
      shas: shas.reverse(),
    };
  }

  /** Goes from children to parents, so that all marks of a commit are there when it is met. */
  #collect(start: number, most: number): { shas: string[]; isCut: boolean } {
    const shas: string[] = [];
    let isCut = false;
    // How many commits are known to be wanted and not yet met: at none there is nothing more to find.
    let open = 1;
    for (let place = start; open > 0 && shas.length < most && place < this.#shas.length; place += 1) {
      const mark = this.#marks[place] ?? 0;
      if (mark === 0) continue;
      const isWanted = mark === reachedByNew;
      for (const parent of this.#parents[place] ?? []) {
        if (parent === beyond) isCut ||= isWanted;
        else open += this.#mark(parent, mark);
      }
      if (!isWanted) continue;
      open -= 1;
      shas.push(this.#shas[place] ?? '');
    }
    return { shas, isCut };
  }

  /** Answers by how much the number of wanted commits changes. */
  #mark(place: number, mark: number): number {
    const before = this.#marks[place] ?? 0;
    const after = before | mark;
    this.#marks[place] = after;
    return Number(after === reachedByNew) - Number(before === reachedByNew);
  }
}
