import { NO_LEVELS } from './column-chunk.js';
import { NumberList } from './number-list.js';
import { packNumbers } from './pack-numbers.js';

/** Which rows of an optional column have a value. */
export class DefinitionLevels {
  readonly #levels = new NumberList((length) => new Uint8Array(length));
  nulls = 0;

  get rows(): number {
    return this.#levels.length;
  }

  pushValue(): void {
    this.#levels.push(1);
  }

  pushNull(): void {
    this.#levels.push(0);
    this.nulls++;
  }

  hasValue(row: number): boolean {
    return this.#levels.view[row] === 1;
  }

  /** The number of a row's value among those that are there; undefined if it has none. */
  valueOf(row: number): number | undefined {
    if (!this.hasValue(row)) return undefined;
    return this.#levels.view.subarray(0, row).reduce((sum, level) => sum + level, 0);
  }

  /** The levels of the rows from `from` up to `to`. */
  pack(from = 0, to = this.rows): Buffer {
    if (to === from) return NO_LEVELS;
    return packNumbers(this.#levels.view.subarray(from, to), 1);
  }

  clear(): void {
    this.#levels.clear();
    this.nulls = 0;
  }
}
