import { type GlobNode, parseGlob } from './parse-glob.js';

/** Whether a text, such as a name or a path, matches a glob. */
export type GlobMatcher = (text: string) => boolean;

/**
 * Compiles a glob to a function that takes time linear in the text: it follows all ways to match at
 * once, unit by unit, and never goes back. See `parseGlob` for the syntax. A wildcard does not match
 * a dot at the start of a name.
 *
 * @throws GlobError for a glob that cannot be matched in linear time
 */
export function createGlobMatcher(glob: string): GlobMatcher {
  const automaton = new Automaton(parseGlob(glob));
  return (text) => text !== '' && (text === glob || automaton.matches(text));
}

/** What leads from one state to the next. */
interface Edge {
  readonly has: (unit: number) => boolean;
  /** Whether it leads over any unit but a slash, and not over a dot at the start of a name. */
  readonly isWildcard: boolean;
  readonly to: number;
}

interface State {
  readonly edges: Edge[];
  /** States that are reached without a unit. */
  readonly free: number[];
  /** Whether it is that of a wildcard for any number of units. */
  readonly isStar: boolean;
}

/** All states that are reached after some text. */
interface Reached {
  readonly states: readonly number[];
  /** Those that a dot may follow: at the start of a name, not after a star for no unit. */
  readonly beforeDot: readonly number[];
  /** Whether a name begins here: after a slash, or at the start. */
  readonly isNameStart: boolean;
  readonly isMatch: boolean;
  /** The states that follow a unit, as far as they were computed. */
  readonly next: Map<number, Reached>;
}

const SLASH = 0x2f;
const DOT = 0x2e;

/** How many combinations of states are remembered. Beyond it they are computed again. */
const MOST_KNOWN = 2048;

/** The most states of a glob: each takes time at each unit. */
const MOST_STATES = 16_384;

class Automaton {
  readonly #states: State[] = [];
  readonly #known = new Map<string, Reached>();
  readonly #end: number;
  /** The states before the first unit. */
  readonly #first: Reached;
  /** How many entries the maps `next` have. */
  #steps = 0;

  constructor(glob: GlobNode) {
    this.#end = this.#add();
    this.#first = this.#reach([this.#compile(glob, this.#end)], true);
  }

  matches(text: string): boolean {
    let reached = this.#first;
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      reached = reached.next.get(unit) ?? this.#step(reached, unit);
      if (reached.states.length === 0) return false;
    }
    return reached.isMatch;
  }

  #step(from: Reached, unit: number): Reached {
    const targets: number[] = [];
    const isHidden = unit === DOT && from.isNameStart;
    for (const state of unit === DOT ? from.beforeDot : from.states) {
      for (const { has, isWildcard, to } of this.#states[state]?.edges ?? []) {
        if (isWildcard ? unit !== SLASH && !isHidden : has(unit)) targets.push(to);
      }
    }
    const reached = this.#reach(targets, unit === SLASH);
    if (++this.#steps > 16 * MOST_KNOWN) this.#forget();
    else from.next.set(unit, reached);
    return reached;
  }

  #reach(from: readonly number[], isNameStart: boolean): Reached {
    const states = this.#close(from, () => true);
    const key = `${isNameStart} ${isNameStart ? [...from].sort().join() : states.join()}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const isMatch = states.includes(this.#end);
    const beforeDot = isNameStart ? this.#close(from, ({ isStar }) => !isStar) : states;
    const reached: Reached = { states, beforeDot, isNameStart, isMatch, next: new Map() };
    if (this.#known.size >= MOST_KNOWN) this.#forget();
    this.#known.set(key, reached);
    return reached;
  }

  /** Each step that is in progress keeps what it has reached; all others become garbage. */
  #forget(): void {
    for (const { next } of [this.#first, ...this.#known.values()]) next.clear();
    this.#known.clear();
    this.#steps = 0;
  }

  /** The states and all that are free to reach from them, ascending. */
  #close(from: readonly number[], mayLeave: (state: State) => boolean): number[] {
    const all = new Set(from);
    for (const number of all) {
      const state = this.#states[number];
      if (state === undefined || !mayLeave(state)) continue;
      for (const free of state.free) all.add(free);
    }
    return [...all].sort((a, b) => a - b);
  }

  #add(isStar = false): number {
    if (this.#states.length >= MOST_STATES) {
      throw new TypeError(`pattern is too long: it has more than ${MOST_STATES} parts`);
    }
    return this.#states.push({ edges: [], free: [], isStar }) - 1;
  }

  /** Adds states that match `node` and then continue at `to`. Returns the first of them. */
  #compile(node: GlobNode, to: number): number {
    switch (node.kind) {
      case 'unit':
        return this.#addEdge({ has: node.has, isWildcard: false, to });
      case 'wildcard': {
        if (node.once) return this.#addEdge({ has: () => true, isWildcard: true, to });
        const state = this.#add(true);
        this.#states[state]?.edges.push({ has: () => true, isWildcard: true, to: state });
        this.#states[state]?.free.push(to);
        return state;
      }
      case 'all':
        return node.nodes.reduceRight((next, part) => this.#compile(part, next), to);
      case 'one of': {
        const state = this.#add();
        for (const option of node.nodes) {
          this.#states[state]?.free.push(this.#compile(option, to));
        }
        return state;
      }
      case 'repeat': {
        const again = this.#add();
        const first = this.#compile(node.node, again);
        this.#states[again]?.free.push(first, to);
        return node.mayBeNone ? again : first;
      }
    }
  }

  #addEdge(edge: Edge): number {
    const state = this.#add();
    this.#states[state]?.edges.push(edge);
    return state;
  }
}
