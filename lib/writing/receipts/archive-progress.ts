import { keepAlive } from '../../streams/keep-alive.js';
import type { ReceiptLevel } from './receipt-level.js';

/** Records of an archive, counted from 0: from `begin` to before `end`. */
export interface RecordRange {
  readonly begin: number;
  readonly end: number;
}

/** A caller that waits for one record to reach a level. */
interface Waiter {
  readonly recordNumber: number;
  readonly resolve: (archive: string) => void;
  readonly reject: (error: unknown) => void;
}

/** Records that will never reach some levels, though others of their archive do. */
interface LostRecords extends RecordRange {
  readonly levels: readonly ReceiptLevel[];
  readonly error: unknown;
}

/**
 * How many of an archive's records have reached each level. One count per level is enough, since
 * records reach it in order. Holds no bytes, so that a caller may keep a receipt for as long as it
 * likes.
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
  #waiting = 0;
  /** Lets the process exit. The process stays alive while a caller waits. */
  #letExit = () => {};

  /**
   * Settles when the record has reached the level, with what `toValue` makes of the archive's name.
   */
  reached<Value>(
    level: ReceiptLevel,
    recordNumber: number,
    toValue: (archive: string) => Value,
  ): Promise<Value> {
    const lost = this.#lossOf(level, { begin: recordNumber, end: recordNumber + 1 });
    if (lost !== undefined) return Promise.reject(lost.error);
    if (recordNumber < this.#reached[level]) return Promise.resolve(toValue(this.archive));
    if (this.#failures.has(level)) return Promise.reject(this.#failures.get(level));
    return new Promise((resolve, reject) => {
      const settle = (archive: string) => resolve(toValue(archive));
      this.#waiters[level].push({ recordNumber, resolve: settle, reject });
      if (this.#waiting++ === 0) this.#letExit = keepAlive();
    });
  }

  /** Settles when all of the archive's first `records` records have reached the level. */
  async allReached(level: ReceiptLevel, records: number): Promise<void> {
    await this.reached(level, records - 1, () => undefined);
    const lost = this.#lossOf(level, { begin: 0, end: records });
    if (lost !== undefined) throw lost.error;
  }

  hasReached(level: ReceiptLevel, recordNumber: number): boolean {
    return recordNumber < this.#reached[level];
  }

  /** Whether the record will never be synced. */
  isLost(recordNumber: number): boolean {
    return this.#lossOf('synced', { begin: recordNumber, end: recordNumber + 1 }) !== undefined;
  }

  /** The first `records` records of the archive have reached the level. */
  reach(level: ReceiptLevel, records: number): void {
    this.#reached[level] = Math.max(this.#reached[level], records);
    const range = { begin: 0, end: records };
    for (const { resolve } of this.#removeWaiters(level, range)) resolve(this.archive);
  }

  /** The records in the range will never reach the levels, though later ones may. */
  lose(levels: readonly ReceiptLevel[], range: RecordRange, error: unknown): void {
    if (range.begin >= range.end) return;
    this.#lost.push({ ...range, levels, error });
    for (const level of levels) {
      for (const { reject } of this.#removeWaiters(level, range)) reject(error);
    }
  }

  /** No record will reach the levels any more. */
  fail(levels: readonly ReceiptLevel[], error: unknown): void {
    const all = { begin: 0, end: Number.POSITIVE_INFINITY };
    for (const level of levels) {
      this.#failures.set(level, error);
      for (const { reject } of this.#removeWaiters(level, all)) reject(error);
    }
  }

  #removeWaiters(level: ReceiptLevel, { begin, end }: RecordRange): readonly Waiter[] {
    const isMet = ({ recordNumber }: Waiter) => recordNumber >= begin && recordNumber < end;
    const met = this.#waiters[level].filter(isMet);
    if (met.length === 0) return met;
    this.#waiters[level] = this.#waiters[level].filter((one) => !isMet(one));
    this.#waiting -= met.length;
    if (this.#waiting === 0) this.#letExit();
    return met;
  }

  #lossOf(level: ReceiptLevel, { begin, end }: RecordRange): LostRecords | undefined {
    return this.#lost.find(
      (lost) => lost.levels.includes(level) && lost.begin < end && begin < lost.end,
    );
  }
}
