import type { ReceiptLevel } from './receipt-level.js';

/** Records of an archive, counted from 0: from `begin` to before `end`. */
export interface RecordRange {
  readonly begin: number;
  readonly end: number;
}

interface Waiter {
  readonly ordinal: number;
  readonly resolve: (archive: string) => void;
  readonly reject: (error: unknown) => void;
}

/** Records that will not come to some levels, while others of their archive do. */
interface LostRecords extends RecordRange {
  readonly levels: readonly ReceiptLevel[];
  readonly error: unknown;
}

/**
 * How far the records of one archive have come: for each level a count, since they come in order. Holds
 * no bytes, so that a receipt may be kept for as long as its owner likes.
 */
export class ArchiveProgress {
  /** The archive's name, without the suffix of its state. */
  archive = '';
  readonly #reached: Record<ReceiptLevel, number> = {
    written: 0,
    synced: 0,
    sealed: 0,
    shipped: 0,
  };
  readonly #waiters: Record<ReceiptLevel, Waiter[]> = {
    written: [],
    synced: [],
    sealed: [],
    shipped: [],
  };
  readonly #failures = new Map<ReceiptLevel, unknown>();
  readonly #lost: LostRecords[] = [];

  /** Settles with what `toValue` makes of the archive's name when the record has come so far. */
  reached<Value>(
    level: ReceiptLevel,
    ordinal: number,
    toValue: (archive: string) => Value,
  ): Promise<Value> {
    const lost = this.#lossOf(level, { begin: ordinal, end: ordinal + 1 });
    if (lost !== undefined) return Promise.reject(lost.error);
    if (ordinal < this.#reached[level]) return Promise.resolve(toValue(this.archive));
    if (this.#failures.has(level)) return Promise.reject(this.#failures.get(level));
    return new Promise((resolve, reject) => {
      const settle = (archive: string) => resolve(toValue(archive));
      this.#waiters[level].push({ ordinal, resolve: settle, reject });
    });
  }

  /** Settles when the archive's first `records` records have all come so far. */
  async allReached(level: ReceiptLevel, records: number): Promise<void> {
    await this.reached(level, records - 1, () => undefined);
    const lost = this.#lossOf(level, { begin: 0, end: records });
    if (lost !== undefined) throw lost.error;
  }

  /** Whether a record has come so far. */
  hasReached(level: ReceiptLevel, ordinal: number): boolean {
    return ordinal < this.#reached[level];
  }

  /** The first `records` records of the archive have come so far. */
  reach(level: ReceiptLevel, records: number): void {
    this.#reached[level] = Math.max(this.#reached[level], records);
    for (const { resolve } of this.#take(level, { begin: 0, end: records })) resolve(this.archive);
  }

  /** Some records will not come so far any more, whatever the others do. */
  lose(levels: readonly ReceiptLevel[], range: RecordRange, error: unknown): void {
    if (range.begin >= range.end) return;
    this.#lost.push({ ...range, levels, error });
    for (const level of levels) for (const { reject } of this.#take(level, range)) reject(error);
  }

  /** The rest will not come so far any more. */
  fail(levels: readonly ReceiptLevel[], error: unknown): void {
    for (const level of levels) {
      this.#failures.set(level, error);
      const all = { begin: 0, end: Number.POSITIVE_INFINITY };
      for (const { reject } of this.#take(level, all)) reject(error);
    }
  }

  #take(level: ReceiptLevel, { begin, end }: RecordRange): readonly Waiter[] {
    const isMet = ({ ordinal }: Waiter) => ordinal >= begin && ordinal < end;
    const met = this.#waiters[level].filter(isMet);
    if (met.length > 0) this.#waiters[level] = this.#waiters[level].filter((one) => !isMet(one));
    return met;
  }

  #lossOf(level: ReceiptLevel, { begin, end }: RecordRange): LostRecords | undefined {
    return this.#lost.find(
      (lost) => lost.levels.includes(level) && lost.begin < end && begin < lost.end,
    );
  }
}
