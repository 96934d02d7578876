/**
 * Aho-Corasick over UTF-16 units: finds all phrases in one pass and knows after each unit how much of the text
 * behind it may still become a phrase (`depth`). Immutable; the caller keeps the state, which starts at 0.
 * Children are linked lists, not tables: a private key costs kilobytes, and most states have one child.
 */
export class PhraseAutomaton {
  /** How many units before the current place are the start of some phrase. */
  readonly depth: Int32Array;
  /** Length of the longest phrase that ends here, 0 for none. */
  readonly solid: Int32Array;
  /** The same for whole-token phrases. */
  readonly token: Int32Array;
  private readonly unit: Uint16Array;
  private readonly firstChild: Int32Array;
  private readonly sibling: Int32Array;
  private readonly fallback: Int32Array;
  private readonly fromRoot = new Int32Array(65_536);

  constructor(phrases: readonly string[], tokens: readonly string[] = []) {
    const size = 1 + [...phrases, ...tokens].reduce((sum, phrase) => sum + phrase.length, 0);
    this.depth = new Int32Array(size);
    this.solid = new Int32Array(size);
    this.token = new Int32Array(size);
    this.unit = new Uint16Array(size);
    this.firstChild = new Int32Array(size);
    this.sibling = new Int32Array(size);
    this.fallback = new Int32Array(size);
    let used = 1;
    const add = (phrase: string): number => {
      let state = 0;
      for (let at = 0; at < phrase.length; at++) {
        const child = this.child(state, phrase.charCodeAt(at));
        state = child !== 0 ? child : this.append(used++, state, phrase.charCodeAt(at));
      }
      return state;
    };
    for (const phrase of phrases) this.solid[add(phrase)] = phrase.length;
    for (const phrase of tokens) this.token[add(phrase)] = phrase.length;
    this.link();
  }

  /** The state after reading one more unit. */
  next(state: number, unit: number): number {
    while (state !== 0) {
      const child = this.child(state, unit);
      if (child !== 0) return child;
      state = this.fallback[state]!;
    }
    return this.fromRoot[unit]!;
  }

  private child(state: number, unit: number): number {
    if (state === 0) return this.fromRoot[unit]!;
    let child = this.firstChild[state]!;
    while (child !== 0 && this.unit[child] !== unit) child = this.sibling[child]!;
    return child;
  }

  private append(state: number, parent: number, unit: number): number {
    this.unit[state] = unit;
    this.depth[state] = this.depth[parent]! + 1;
    this.sibling[state] = this.firstChild[parent]!;
    this.firstChild[parent] = state;
    if (parent === 0) this.fromRoot[unit] = state;
    return state;
  }

  /** Breadth first: a state falls back to the longest other state that is a suffix of it, and inherits its ends. */
  private link(): void {
    const queue = [0];
    for (let at = 0; at < queue.length; at++) {
      const parent = queue[at]!;
      for (let child = this.firstChild[parent]!; child !== 0; child = this.sibling[child]!) {
        const suffix = parent === 0 ? 0 : this.next(this.fallback[parent]!, this.unit[child]!);
        this.fallback[child] = suffix;
        this.solid[child] ||= this.solid[suffix]!;
        this.token[child] ||= this.token[suffix]!;
        queue.push(child);
      }
    }
  }
}
