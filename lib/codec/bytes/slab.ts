/** A byte buffer that is filled from the front and grows when more does not fit. */
export class Slab {
  bytes: Buffer;
  /** How many bytes are filled. */
  length = 0;
  readonly #capacity: number;

  /**
   * @param capacity how many bytes it has at first, and again after `take`
   * @param bytes memory of this size that the caller no longer uses. @default newly allocated
   */
  constructor(capacity: number, bytes: Buffer = Buffer.allocUnsafeSlow(capacity)) {
    this.#capacity = capacity;
    this.bytes = bytes;
  }

  /** How many more bytes fit without growing. */
  get room(): number {
    return this.bytes.length - this.length;
  }

  /** Makes room for `count` more bytes after `length`. */
  reserve(count: number): void {
    const needed = this.length + count;
    if (needed > this.bytes.length) this.#grow(needed);
  }

  /** Returns a view of the filled bytes, valid until the slab is used again. */
  filled(): Buffer {
    return this.bytes.subarray(0, this.length);
  }

  /** Appends a copy of `more`. */
  append(more: Buffer): void {
    this.reserve(more.length);
    const end = this.length + more.length;
    // Not `set`: it copies into shared memory word by word, or byte by byte if the addresses are
    // not aligned, and takes up to 12 times as long.
    if (more.length > 0) this.bytes.fill(more, this.length, end);
    this.length = end;
  }

  /** Forgets the filled bytes. Keeps the memory for reuse, unless a huge record made it grow. */
  clear(): void {
    this.length = 0;
    if (this.bytes.length > Math.max(2 * this.#capacity, LARGEST_DOUBLING)) {
      this.bytes = Buffer.allocUnsafeSlow(this.#capacity);
    }
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

  #grow(needed: number): void {
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
}

/** A slab that needs more than this does not double: for a huge record that would waste memory. */
const LARGEST_DOUBLING = 4 * 2 ** 20;

/** The least factor of growth. It keeps copying linear in the bytes written between two `take`s. */
const LARGE_GROWTH = 1.25;
