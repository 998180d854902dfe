/** How many free buffers are kept: one is sent while another is filled. */
const MOST_SPARES = 2;

/** The size of a new buffer. Most objects are smaller than a part of the default size. */
const FIRST_BYTES = 8 * 2 ** 20;

/**
 * Memory for the parts of uploads, which is used again. Bodies are copied into it chunk by chunk:
 * lib-storage of the AWS SDK keeps all chunks of a part and then joins them in new memory, with which
 * shipping 8 objects of 5.6 MiB takes 8 MiB more at its peak, of 150.
 */
export class PartMemory {
  readonly #partBytes: number;
  readonly #spares: Buffer[] = [];

  constructor(partBytes: number) {
    this.#partBytes = partBytes;
  }

  /** Memory for a part that begins. */
  take(): Buffer {
    return this.#spares.pop() ?? Buffer.allocUnsafeSlow(Math.min(this.#partBytes, FIRST_BYTES));
  }

  /** Larger memory with the same content, at most that of a part. */
  grow(memory: Buffer): Buffer {
    const grown = Buffer.allocUnsafeSlow(Math.min(this.#partBytes, 2 * memory.length));
    memory.copy(grown);
    return grown;
  }

  /** Takes memory back, when no request uses it any more. */
  keep(memory: Buffer): void {
    if (this.#spares.length < MOST_SPARES) this.#spares.push(memory);
  }
}
