import { SpoolFullError } from '../errors/spool-full-error.js';

/** What becomes of records while the disk's budget is used up. */
export type WhenFull = 'block' | 'error' | 'drop-oldest';

/** How much of the disk the archives may take that wait to be shipped. */
export class SpoolBudget {
  readonly whenFull: WhenFull;
  readonly #maxBytes: number;
  #usedBytes = 0;

  constructor(maxBytes: number, whenFull: WhenFull) {
    this.#maxBytes = maxBytes;
    this.whenFull = whenFull;
  }

  /** A sealed archive waits from now on. */
  add(bytes: number): void {
    this.#usedBytes += bytes;
  }

  /** A sealed archive waits no more. */
  remove(bytes: number): void {
    this.#usedBytes -= bytes;
  }

  /**
   * How many bytes have to go before there is room for another record; 0 when there is.
   *
   * @param openBytes of archives that are not sealed yet
   */
  excessBytes(openBytes: number): number {
    return Math.max(0, this.#usedBytes + openBytes - this.#maxBytes + 1);
  }

  /** @throws SpoolFullError where there is no room, and that is what the user chose */
  check(openBytes: number): void {
    if (this.whenFull !== 'error' || this.excessBytes(openBytes) === 0) return;
    throw new SpoolFullError(this.#usedBytes + openBytes, this.#maxBytes);
  }
}
