import { NO_LEVELS } from './column-chunk.js';
import { NumberList } from './number-list.js';
import { packNumbers, packRun } from './pack-numbers.js';

/** Which rows of an optional column have a value. Nothing is kept before the first row without one. */
export class DefinitionLevels {
  /** From the first row on that has none: 1 for a value. */
  readonly #levels = new NumberList((length) => new Uint8Array(length));
  /** How many rows come before them. */
  #full = 0;
  nulls = 0;

  get rows(): number {
    return this.#full + this.#levels.length;
  }

  pushValue(): void {
    if (this.nulls === 0) this.#full++;
    else this.#levels.push(1);
  }

  pushNull(): void {
    this.#levels.push(0);
    this.nulls++;
  }

  hasValue(row: number): boolean {
    return row < this.#full || this.#levels.view[row - this.#full] === 1;
  }

  /** The number of a row's value among those that are there; undefined if it has none. */
  valueOf(row: number): number | undefined {
    if (row < this.#full) return row;
    if (!this.hasValue(row)) return undefined;
    const before = this.#levels.view.subarray(0, row - this.#full);
    return before.reduce((sum, level) => sum + level, this.#full);
  }

  /** The levels of the rows from `from` up to `to`. */
  pack(from = 0, to = this.rows): Buffer {
    if (to === from) return NO_LEVELS;
    if (to <= this.#full) return packRun(1, to - from, 1);
    const levels = new Uint8Array(to - from).fill(1);
    const full = Math.max(this.#full - from, 0);
    const start = Math.max(from - this.#full, 0);
    levels.set(this.#levels.view.subarray(start, to - this.#full), full);
    return packNumbers(levels, 1);
  }

  clear(): void {
    this.#levels.clear();
    this.#full = 0;
    this.nulls = 0;
  }
}
