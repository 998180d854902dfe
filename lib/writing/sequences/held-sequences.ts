import type { ReceiptAnchor } from '../receipts/receipt.js';

/** Consecutive sequences that consecutive records of one archive have. */
interface HeldRange extends Pick<ReceiptAnchor, 'progress'> {
  begin: number;
  /** The sequence after the last one. */
  end: number;
  /** The number in the archive of the record with `begin`. */
  readonly recordNumber: number;
}

/** How many ranges are remembered: about 6 MB. */
const MOST_RANGES = 65_536;

/** So many are forgotten at once, because each time all others move. */
const FORGOTTEN_RANGES = MOST_RANGES / 8;

/**
 * The sequences that a series is known to hold, with the archive of each. It never claims one that
 * was not added. Of too many ranges it forgets those with the lowest sequences: their records may
 * then be archived again, and readers emit them once.
 */
export class HeldSequences {
  /** Ascending, without overlaps. */
  readonly #ranges: HeldRange[] = [];

  /** Where the record with this sequence is; undefined if none was found, or if it was lost. */
  find(sequence: number): ReceiptAnchor | undefined {
    const range = this.#ranges[this.#indexAfter(sequence) - 1];
    if (range === undefined || sequence >= range.end) return undefined;
    const { progress } = range;
    const recordNumber = range.recordNumber + sequence - range.begin;
    return progress.isLost(recordNumber) ? undefined : { progress, recordNumber, sequence };
  }

  /** Adds what is not known yet of the sequences from `begin` up to, but without, `end`. */
  add(
    begin: number,
    end: number,
    { progress, recordNumber }: Omit<ReceiptAnchor, 'sequence'>,
  ): void {
    const last = this.#ranges.at(-1);
    const isNext = last?.progress === progress && last.end === begin;
    if (isNext && last.recordNumber + begin - last.begin === recordNumber) {
      last.end = end;
      return;
    }
    const first = this.#indexAfter(begin);
    const added: HeldRange[] = [];
    let from = Math.max(begin, this.#ranges[first - 1]?.end ?? begin);
    let next = first;
    const addUpTo = (to: number) => {
      const number = recordNumber + from - begin;
      if (from < to) added.push({ begin: from, end: to, progress, recordNumber: number });
    };
    for (let known = this.#ranges[next]; known !== undefined && known.begin < end; ) {
      addUpTo(known.begin);
      added.push(known);
      from = Math.max(from, known.end);
      known = this.#ranges[++next];
    }
    addUpTo(end);
    this.#ranges.splice(first, next - first, ...added);
    if (this.#ranges.length > MOST_RANGES) this.#ranges.splice(0, FORGOTTEN_RANGES);
  }

  /** Forgets a sequence whose record was lost, so that it can be added again. */
  forget(sequence: number): void {
    const at = this.#indexAfter(sequence) - 1;
    const range = this.#ranges[at];
    if (range === undefined || sequence >= range.end) return;
    const { begin, end, progress, recordNumber } = range;
    const after = sequence + 1;
    const left: HeldRange[] = [];
    if (begin < sequence) left.push({ begin, end: sequence, progress, recordNumber });
    const number = recordNumber + after - begin;
    if (after < end) left.push({ begin: after, end, progress, recordNumber: number });
    this.#ranges.splice(at, 1, ...left);
  }

  /** The index of the first range that begins after `sequence`. */
  #indexAfter(sequence: number): number {
    let [low, high] = [0, this.#ranges.length];
    // Most records come after all others.
    if ((this.#ranges.at(-1)?.begin ?? Number.POSITIVE_INFINITY) <= sequence) return high;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const range = this.#ranges[middle];
      if (range !== undefined && range.begin <= sequence) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
