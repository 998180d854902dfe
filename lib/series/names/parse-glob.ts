import { GlobError } from '../../errors/glob-error.js';

/** A part of a glob. */
export type GlobNode =
  /** One UTF-16 code unit. */
  | { readonly kind: 'unit'; readonly has: (unit: number) => boolean }
  /** Any text without a slash; `once`: any one unit but a slash. Neither begins with a dot. */
  | { readonly kind: 'wildcard'; readonly once: boolean }
  | { readonly kind: 'all'; readonly nodes: readonly GlobNode[] }
  | { readonly kind: 'one of'; readonly nodes: readonly GlobNode[] }
  | { readonly kind: 'repeat'; readonly node: GlobNode; readonly mayBeNone: boolean };

/** How many numbers a range such as `{1..31}` may have. */
const MOST_NUMBERS = 1000;

/** How deep groups may be nested. */
const DEEPEST = 32;

/** The classes that a set may name, as in `[[:digit:]]`. */
const CLASSES: Readonly<Record<string, RegExp>> = {
  alnum: /[a-zA-Z0-9]/,
  alpha: /[a-zA-Z]/,
  ascii: /[\0-\x7f]/,
  blank: /[ \t]/,
  digit: /[0-9]/,
  lower: /[a-z]/,
  punct: /[!-/:-@[-`{-~]/,
  space: /[ \t\r\n\v\f]/,
  upper: /[A-Z]/,
  word: /[A-Za-z0-9_]/,
  xdigit: /[A-Fa-f0-9]/,
};

const NONE: GlobNode = { kind: 'all', nodes: [] };
const STAR: GlobNode = { kind: 'wildcard', once: false };
const SLASH = textNode('/');
const SEGMENTS: GlobNode = {
  kind: 'all',
  nodes: [STAR, { kind: 'repeat', mayBeNone: true, node: { kind: 'all', nodes: [SLASH, STAR] } }],
};

/**
 * Parses a glob: `*`, `?`, `**` between slashes, sets, braces, and the groups `(a|b)`, `@(…)`,
 * `?(…)`, `*(…)` and `+(…)`, as picomatch understands them. A bracket without its partner is text.
 *
 * @throws GlobError for `!(…)` and `(?…)`, which cannot be matched in linear time; for ranges of
 *   over 1,000 numbers, and for groups nested deeper than 32
 */
export function parseGlob(glob: string): GlobNode {
  return new GlobParser(glob).parse();
}

class GlobParser {
  readonly #glob: string;
  #at = 0;
  #depth = 0;

  constructor(glob: string) {
    // Several globstars in a row mean the same as one.
    this.#glob = glob.replace(/(?<=^|\/)\*\*(?:\/\*\*)+(?=\/|$)/g, '**');
  }

  parse(): GlobNode {
    return this.#parseUntil('');
  }

  /** Parses up to any of the characters `ends`, or to the end. */
  #parseUntil(ends: string): GlobNode {
    const nodes: GlobNode[] = [];
    while (this.#at < this.#glob.length) {
      const character = this.#glob.charAt(this.#at);
      if (ends.includes(character)) break;
      nodes.push(this.#parseOne(character, ends));
    }
    return { kind: 'all', nodes };
  }

  #parseOne(character: string, ends: string): GlobNode {
    const glob = this.#glob;
    const at = this.#at;
    if (character === '\\') {
      this.#at += 2;
      return textNode(glob.charAt(at + 1) || '\\');
    }
    if (character === '"') return this.#parseQuoted();
    if ('@?*+!('.includes(character)) {
      const group = this.#parseGroup(character);
      if (group !== null) return group;
    }
    if (character === '[') return this.#parseSet() ?? this.#take(1);
    if (character === '{') return this.#parseBraces() ?? this.#take(1);
    if (character === '?') {
      this.#at++;
      return { kind: 'wildcard', once: true };
    }
    if (character === '*') return this.#parseStars(ends);
    if (character === '/') {
      const end = this.#endOfGlobstar(at + 1);
      // `a/**` matches `a` as well; but `*/**` does not.
      if (end !== null && ends === '' && end === glob.length && glob.charAt(at - 1) !== '*') {
        this.#at = end;
        return oneOf([NONE, { kind: 'all', nodes: [SLASH, SEGMENTS] }]);
      }
    }
    return this.#take(1);
  }

  #take(count: number): GlobNode {
    const text = this.#glob.slice(this.#at, this.#at + count);
    this.#at += count;
    return textNode(text);
  }

  #parseQuoted(): GlobNode {
    const end = this.#glob.indexOf('"', this.#at + 1);
    if (end === -1) return this.#take(1);
    const text = this.#glob.slice(this.#at + 1, end);
    this.#at = end + 1;
    return textNode(text);
  }

  #parseStars(ends: string): GlobNode {
    const glob = this.#glob;
    const begin = this.#at;
    const end = this.#endOfGlobstar(begin);
    const isFirst = begin === 0 || '/,|({'.includes(glob.charAt(begin - 1));
    if (end !== null && isFirst) {
      if (glob.charAt(end) === '/') {
        this.#at = end + 1;
        const node: GlobNode = { kind: 'all', nodes: [STAR, SLASH] };
        return { kind: 'repeat', mayBeNone: true, node };
      }
      if (end === glob.length || ends.includes(glob.charAt(end))) {
        this.#at = end;
        return SEGMENTS;
      }
    }
    while (glob.charAt(this.#at) === '*') {
      // The last star may begin a group.
      if (this.#at > begin && this.#groupEnd(this.#at + 1) !== -1) break;
      this.#at++;
    }
    return STAR;
  }

  /** Where the stars from `begin` end, if there are two or more. */
  #endOfGlobstar(begin: number): number | null {
    let end = begin;
    while (this.#glob.charAt(end) === '*') end++;
    return end - begin < 2 || this.#groupEnd(end) !== -1 ? null : end;
  }

  #parseGroup(prefix: string): GlobNode | null {
    const open = prefix === '(' ? this.#at : this.#at + 1;
    if (this.#groupEnd(open) === -1) return null;
    if (prefix === '!') this.#refuse(`!(…), which cannot be matched in linear time`);
    if (prefix === '(' && this.#glob.charAt(open + 1) === '?') this.#refuse('(?…)');
    this.#at = open + 1;
    const node = oneOf(this.#parseList('|', ')'));
    switch (prefix) {
      case '?':
        return oneOf([NONE, node]);
      case '*':
      case '+':
        return { kind: 'repeat', node, mayBeNone: prefix === '*' };
      default:
        return node;
    }
  }

  /** The index of the parenthesis that closes the one at `open`; -1 if there is none. */
  #groupEnd(open: number): number {
    return this.#glob.charAt(open) === '(' ? this.#partnerOf(open, '(', ')') : -1;
  }

  #parseList(separator: string, end: string): GlobNode[] {
    if (++this.#depth > DEEPEST) this.#refuse(`groups nested deeper than ${DEEPEST}`);
    const nodes: GlobNode[] = [];
    do {
      nodes.push(this.#parseUntil(separator + end));
    } while (this.#glob.charAt(this.#at++) === separator);
    this.#depth--;
    return nodes;
  }

  #parseBraces(): GlobNode | null {
    const close = this.#partnerOf(this.#at, '{', '}');
    if (close === -1) return null;
    const inside = this.#glob.slice(this.#at + 1, close);
    const [, from, to] = /^(-?\d+|[a-zA-Z])\.\.(-?\d+|[a-zA-Z])$/.exec(inside) ?? [];
    if (from !== undefined && to !== undefined) {
      const range = this.#rangeOf(from, to);
      if (range !== null) this.#at = close + 1;
      return range;
    }
    if (!inside.includes(',')) return null;
    this.#at++;
    return oneOf(this.#parseList(',', '}'));
  }

  #rangeOf(from: string, to: string): GlobNode | null {
    const areNumbers = /\d/.test(from) && /\d/.test(to);
    if (!areNumbers && (/\d/.test(from) || /\d/.test(to))) return null;
    const [a, b] = areNumbers ? [Number(from), Number(to)] : [from.charCodeAt(0), to.charCodeAt(0)];
    const count = Math.abs(a - b) + 1;
    if (count > MOST_NUMBERS) this.#refuse(`a range of ${count}, expected at most ${MOST_NUMBERS}`);
    return oneOf(
      Array.from({ length: count }, (_, i) => {
        const value = Math.min(a, b) + i;
        return textNode(areNumbers ? String(value) : String.fromCharCode(value));
      }),
    );
  }

  #parseSet(): GlobNode | null {
    const glob = this.#glob;
    const begin = this.#at + 1;
    const isNegated = glob.charAt(begin) === '^';
    const tests: ((unit: number) => boolean)[] = [];
    let at = isNegated ? begin + 1 : begin;
    for (let isFirst = true; ; isFirst = false) {
      if (at >= glob.length) return null;
      if (glob.charAt(at) === ']' && !isFirst) break;
      const name = /^\[:(\w+):\]/.exec(glob.slice(at, at + 12))?.[1];
      const known = name === undefined ? undefined : CLASSES[name];
      if (known !== undefined && name !== undefined) {
        tests.push((unit) => known.test(String.fromCharCode(unit)));
        at += name.length + 4;
        continue;
      }
      if (glob.charAt(at) === '\\') at++;
      const low = glob.charCodeAt(at++);
      let high = low;
      if (glob.charAt(at) === '-' && at + 1 < glob.length && glob.charAt(at + 1) !== ']') {
        at += glob.charAt(at + 1) === '\\' ? 2 : 1;
        high = glob.charCodeAt(at++);
      }
      tests.push((unit) => unit >= low && unit <= high);
    }
    this.#at = at + 1;
    const isListed = (unit: number) => tests.some((test) => test(unit));
    if (isNegated) return { kind: 'unit', has: (unit) => unit !== SLASH_UNIT && !isListed(unit) };
    const set: GlobNode = { kind: 'unit', has: isListed };
    const text = glob.slice(begin, at);
    // `[12]` also matches the text `[12]`, as names may hold brackets.
    return /[-*+?.^${}(|)[\]\\]/.test(text) ? set : oneOf([set, textNode(`[${text}]`)]);
  }

  /** The index of the bracket that closes the one at `open`; -1 if there is none. */
  #partnerOf(open: number, opening: string, closing: string): number {
    let depth = 0;
    for (let at = open; at < this.#glob.length; at++) {
      const character = this.#glob.charAt(at);
      if (character === '\\') at++;
      else if (character === opening) depth++;
      else if (character === closing && --depth === 0) return at;
    }
    return -1;
  }

  #refuse(what: string): never {
    throw new GlobError(this.#glob, what);
  }
}

const SLASH_UNIT = 0x2f;

function textNode(text: string): GlobNode {
  const nodes = Array.from({ length: text.length }, (_, i): GlobNode => {
    const own = text.charCodeAt(i);
    return { kind: 'unit', has: (unit) => unit === own };
  });
  const [only] = nodes;
  return nodes.length === 1 && only !== undefined ? only : { kind: 'all', nodes };
}

function oneOf(nodes: readonly GlobNode[]): GlobNode {
  return { kind: 'one of', nodes };
}
