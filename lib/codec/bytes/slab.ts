/** A byte buffer that is filled from the front, and grows when what comes does not fit. */
export class Slab {
  bytes: Buffer;
  /** How much of it is filled. */
  length = 0;
  readonly #capacity: number;

  /** @param capacity what it has at first, and again after `take` */
  constructor(capacity: number) {
    this.#capacity = capacity;
    this.bytes = Buffer.allocUnsafeSlow(capacity);
  }

  /** Makes room for `count` more bytes behind `length`. */
  reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(
      Math.max(
        needed,
        Math.min(2 * needed, LARGEST_DOUBLING),
        Math.ceil(this.length * LARGE_GROWTH),
      ),
    );
    this.bytes.copy(grown, 0, 0, this.length);
    this.bytes = grown;
  }

  /** What is filled: a view, good until the slab is used again. */
  filled(): Buffer {
    return this.bytes.subarray(0, this.length);
  }

  /**
   * Hands over what is filled, and begins anew.
   *
   * @param next memory to go on in that nobody uses any more
   */
  take(next: Buffer = Buffer.allocUnsafeSlow(this.#capacity)): Buffer {
    const taken = this.filled();
    this.bytes = next;
    this.length = 0;
    return taken;
  }
}

/** Above this a slab does not double: a huge record gets what it asks for, for twice that is much. */
const LARGEST_DOUBLING = 4 * 2 ** 20;

/** By how much it grows at least, so that the copying stays linear in what is written without `take`. */
const LARGE_GROWTH = 1.25;
