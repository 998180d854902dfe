const FIRST_LENGTH = 256;

/** Numbers that are appended one by one. It keeps its memory, for the next row group. */
export class NumberList<Numbers extends Uint8Array | Uint32Array | Float64Array> {
  readonly #create: (length: number) => Numbers;
  #numbers: Numbers;
  length = 0;

  /** @param create makes memory for `length` numbers */
  constructor(create: (length: number) => Numbers) {
    this.#create = create;
    this.#numbers = create(FIRST_LENGTH);
  }

  /** The numbers, as a view that is valid until the next one is appended. */
  get view(): Numbers {
    // The cast is sound: a part of an array has its type.
    return this.#numbers.subarray(0, this.length) as Numbers;
  }

  /** The number at an index below `length`. */
  at(index: number): number {
    return this.#numbers[index] as number;
  }

  push(number: number): void {
    if (this.length === this.#numbers.length) {
      const grown = this.#create(2 * this.length);
      grown.set(this.#numbers);
      this.#numbers = grown;
    }
    this.#numbers[this.length++] = number;
  }

  clear(): void {
    this.length = 0;
  }
}

/** A list of whole numbers from 0 up to 2^32 - 1. */
export function createNumberList(): NumberList<Uint32Array> {
  return new NumberList((length) => new Uint32Array(length));
}
