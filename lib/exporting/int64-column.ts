import { endianness } from 'node:os';

const LOW = 2 ** 32;

/**
 * Whole numbers of a column, some of which may be missing. They stay numbers until they are encoded:
 * a BigInt for each would be an object for the garbage collector.
 */
export class Int64Column {
  readonly #numbers: (number | undefined)[] = [];
  #isWhole = true;

  push(value: number | undefined): void {
    this.#numbers.push(value);
    if (value === undefined) this.#isWhole = false;
  }

  toData(): BigInt64Array | (bigint | undefined)[] {
    if (this.#isWhole) return this.#toBigInts();
    return this.#numbers.map((value) => (value === undefined ? undefined : BigInt(value)));
  }

  #toBigInts(): BigInt64Array {
    const data = new BigInt64Array(this.#numbers.length);
    const halves = new Int32Array(data.buffer);
    for (let i = 0; i < this.#numbers.length; i++) {
      const value = this.#numbers[i] ?? 0;
      const high = Math.floor(value / LOW);
      halves[2 * i + LOW_HALF] = value - high * LOW;
      halves[2 * i + 1 - LOW_HALF] = high;
    }
    return data;
  }
}

/** Which half of an int64 in memory is the low one. */
const LOW_HALF = endianness() === 'LE' ? 0 : 1;
