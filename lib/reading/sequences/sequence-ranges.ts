import type { SequenceSpan } from '../../codec/version-2/block-selection.js';

/** Sequences from `begin` up to, but without, `end`. */
export type SequenceRange = SequenceSpan;

/**
 * How many separate ranges are kept of one writer: about 4 MB. Beyond it the lowest ranges are
 * joined, and the sequences between them are `unknown` from then on.
 */
export const MOST_RANGES = 65_536;

/** So many are joined at once, because each time all others move. */
const JOINED_RANGES = MOST_RANGES / 8;

/** A set of sequences, kept as merged ranges. */
export class SequenceRanges {
  /** Ascending, with a hole between neighbours. */
  readonly #ranges: SequenceRange[] = [];
  /** Below it, sequences between ranges were forgotten. */
  #knownFrom = 0;

  /** The sequence after the highest one; undefined if there is none. */
  get end(): number | undefined {
    return this.#ranges.at(-1)?.end;
  }

  /** Whether it may have forgotten which sequences below this one are missing. */
  isUnknown(sequence: number): boolean {
    return sequence < this.#knownFrom;
  }

  has({ begin, end }: SequenceRange): boolean {
    const range = this.#ranges[this.#indexAfter(begin) - 1];
    return range !== undefined && end <= range.end;
  }

  /** The stretches of `range` that are in the set, ascending. */
  within(range: SequenceRange): SequenceRange[] {
    const first = this.#indexAfter(range.begin) - 1;
    const common: SequenceRange[] = [];
    for (let i = Math.max(first, 0); i < this.#ranges.length; i++) {
      const own = this.#ranges[i];
      if (own === undefined || own.begin >= range.end) break;
      const begin = Math.max(own.begin, range.begin);
      const end = Math.min(own.end, range.end);
      if (begin < end) common.push({ begin, end });
    }
    return common;
  }

  add({ begin, end }: SequenceRange): void {
    const ranges = this.#ranges;
    const last = ranges.at(-1);
    if (last !== undefined && last.begin <= begin && begin <= last.end) {
      if (end > last.end) ranges[ranges.length - 1] = { begin: last.begin, end };
      return;
    }
    let from = this.#indexAfter(begin);
    const before = ranges[from - 1];
    if (before !== undefined && before.end >= begin) from--;
    let to = from;
    let joined: SequenceRange = { begin, end };
    for (let next = ranges[to]; next !== undefined && next.begin <= end; next = ranges[++to]) {
      joined = { begin: Math.min(joined.begin, next.begin), end: Math.max(joined.end, next.end) };
    }
    ranges.splice(from, to - from, joined);
    if (ranges.length > MOST_RANGES) this.#forgetLowestHoles();
  }

  #forgetLowestHoles(): void {
    const [lowest] = this.#ranges;
    const highest = this.#ranges[JOINED_RANGES];
    if (lowest === undefined || highest === undefined) return;
    this.#ranges.splice(0, JOINED_RANGES + 1, { begin: lowest.begin, end: highest.end });
    this.#knownFrom = highest.begin;
  }

  /** The index of the first range that begins after `sequence`. */
  #indexAfter(sequence: number): number {
    let [low, high] = [0, this.#ranges.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const range = this.#ranges[middle];
      if (range !== undefined && range.begin <= sequence) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** The stretches of `range` that none of `others` covers. `others` ascend and lie within it. */
export function withoutRanges(
  range: SequenceRange,
  others: readonly SequenceRange[],
): SequenceRange[] {
  const left: SequenceRange[] = [];
  let { begin } = range;
  for (const other of others) {
    if (other.begin > begin) left.push({ begin, end: other.begin });
    begin = other.end;
  }
  if (begin < range.end) left.push({ begin, end: range.end });
  return left;
}
