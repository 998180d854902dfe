import type { ReceiptLevel } from './receipt.js';

interface Waiter {
  readonly ordinal: number;
  readonly resolve: (archive: string) => void;
  readonly reject: (error: unknown) => void;
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

  /** Settles with the archive's name when the record has come so far. */
  reached(level: ReceiptLevel, ordinal: number): Promise<string> {
    if (ordinal < this.#reached[level]) return Promise.resolve(this.archive);
    if (this.#failures.has(level)) return Promise.reject(this.#failures.get(level));
    return new Promise((resolve, reject) => {
      this.#waiters[level].push({ ordinal, resolve, reject });
    });
  }

  /** Whether a record has come so far. */
  hasReached(level: ReceiptLevel, ordinal: number): boolean {
    return ordinal < this.#reached[level];
  }

  /** The first `records` records of the archive have come so far. */
  reach(level: ReceiptLevel, records: number): void {
    this.#reached[level] = Math.max(this.#reached[level], records);
    const done = this.#waiters[level].filter(({ ordinal }) => ordinal < records);
    if (done.length === 0) return;
    this.#waiters[level] = this.#waiters[level].filter(({ ordinal }) => ordinal >= records);
    for (const { resolve } of done) resolve(this.archive);
  }

  /** The rest will not come so far any more. */
  fail(levels: readonly ReceiptLevel[], error: unknown): void {
    for (const level of levels) {
      this.#failures.set(level, error);
      const waiters = this.#waiters[level];
      this.#waiters[level] = [];
      for (const { reject } of waiters) reject(error);
    }
  }
}
