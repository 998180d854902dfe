/** Bytes that came in pieces and are taken in others. What one piece holds whole is not copied. */
export class ByteQueue {
  /** Bytes waiting. */
  length = 0;
  /** Bytes taken so far: where in the input the next one stands. */
  offset = 0;
  #chunks: Buffer[] = [];
  /** The first chunk that has bytes left; those before it are dropped now and then. */
  #head = 0;

  push(chunk: Buffer): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.length += chunk.length;
  }

  /** The next `count` bytes, which must be there, left in the queue. */
  peek(count: number): Buffer {
    const first = this.#chunks[this.#head];
    if (first !== undefined && first.length >= count) return first.subarray(0, count);
    const bytes = Buffer.allocUnsafe(count);
    let filled = 0;
    for (let i = this.#head; filled < count; i++) {
      filled += (this.#chunks[i] as Buffer).copy(bytes, filled, 0, count - filled);
    }
    return bytes;
  }

  /** The next `count` bytes, which must be there. */
  take(count: number): Buffer {
    const bytes = this.peek(count);
    this.skip(count);
    return bytes;
  }

  /** Drops the next `count` bytes, which must be there. */
  skip(count: number): void {
    this.length -= count;
    this.offset += count;
    let left = count;
    while (left > 0) {
      const chunk = this.#chunks[this.#head] as Buffer;
      if (chunk.length > left) {
        this.#chunks[this.#head] = chunk.subarray(left);
        break;
      }
      left -= chunk.length;
      this.#head++;
    }
    if (this.#head > 0 && 2 * this.#head >= this.#chunks.length) {
      this.#chunks = this.#chunks.slice(this.#head);
      this.#head = 0;
    }
  }

  /** How far away the next `byte` is, from `start` on; -1 when it has not come. */
  indexOf(byte: number, start: number): number {
    let before = 0;
    for (let i = this.#head; i < this.#chunks.length; i++) {
      const chunk = this.#chunks[i] as Buffer;
      if (before + chunk.length > start) {
        const at = chunk.indexOf(byte, Math.max(start - before, 0));
        if (at !== -1) return before + at;
      }
      before += chunk.length;
    }
    return -1;
  }
}
