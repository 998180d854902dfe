/** A byte buffer that is filled from the front and grows when more does not fit. */
export class Slab {
  bytes: Buffer;
  /** How many bytes are filled. */
  length = 0;
  readonly #capacity: number;

  /** @param capacity how many bytes it has at first, and again after `take` */
  constructor(capacity: number) {
    this.#capacity = capacity;
    this.bytes = Buffer.allocUnsafeSlow(capacity);
  }

  /** Makes room for `count` more bytes after `length`. */
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

  /** Returns a view of the filled bytes, valid until the slab is used again. */
  filled(): Buffer {
    return this.bytes.subarray(0, this.length);
  }

  /**
   * Returns the filled bytes and starts empty in other memory.
   *
   * @param next memory that the caller no longer uses. @default newly allocated
   */
  take(next: Buffer = Buffer.allocUnsafeSlow(this.#capacity)): Buffer {
    const taken = this.filled();
    this.bytes = next;
    this.length = 0;
    return taken;
  }
}

/** A slab that needs more than this does not double: for a huge record that would waste memory. */
const LARGEST_DOUBLING = 4 * 2 ** 20;

/** The least factor of growth. It keeps copying linear in the bytes written between two `take`s. */
const LARGE_GROWTH = 1.25;
