/** Bytes that came in pieces and are taken in others. What one piece holds whole is not copied. */
export class ByteQueue {
  /** Bytes waiting. */
  length = 0;
  /** Bytes taken so far: where in the input the next one stands. */
  offset: number;
  #chunks: Buffer[] = [];
  /** Where in the input each chunk begins. */
  #starts: number[] = [];
  /** The first chunk that has bytes left; those before it are dropped now and then. */
  #head = 0;

  /** @param offset where in the input the first byte stands */
  constructor(offset = 0) {
    this.offset = offset;
  }

  push(chunk: Buffer): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#starts.push(this.offset + this.length);
    this.length += chunk.length;
  }

  /** The `count` bytes that are `at` bytes away, which must be there, left in the queue. */
  peek(count: number, at = 0): Buffer {
    let index = this.#indexOfChunk(at);
    const first = this.#chunks[index];
    if (first === undefined) return Buffer.alloc(0);
    let start = this.offset + at - (this.#starts[index] as number);
    if (first.length >= start + count) return first.subarray(start, start + count);
    const bytes = Buffer.allocUnsafe(count);
    let filled = 0;
    while (filled < count) {
      filled += (this.#chunks[index++] as Buffer).copy(
        bytes,
        filled,
        start,
        start + count - filled,
      );
      start = 0;
    }
    return bytes;
  }

  /** The int32 that is `at` bytes away, which must be there. */
  readInt32LE(at: number): number {
    const index = this.#indexOfChunk(at);
    const chunk = this.#chunks[index] as Buffer;
    const start = this.offset + at - (this.#starts[index] as number);
    if (chunk.length >= start + 4) return chunk.readInt32LE(start);
    return this.peek(4, at).readInt32LE();
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
        this.#starts[this.#head] = this.offset;
        break;
      }
      left -= chunk.length;
      this.#head++;
    }
    if (this.#head > 0 && 2 * this.#head >= this.#chunks.length) {
      this.#chunks = this.#chunks.slice(this.#head);
      this.#starts = this.#starts.slice(this.#head);
      this.#head = 0;
    }
  }

  /** How far away the next `byte` is, from `start` on; -1 when it has not come. */
  indexOf(byte: number, start: number): number {
    for (let i = this.#indexOfChunk(start); i < this.#chunks.length; i++) {
      const before = (this.#starts[i] as number) - this.offset;
      const at = (this.#chunks[i] as Buffer).indexOf(byte, Math.max(start - before, 0));
      if (at !== -1) return before + at;
    }
    return -1;
  }

  /**
   * How far away `pattern` is, or the beginning of it that the bytes so far end with; `length` where
   * there is neither.
   */
  find(pattern: Buffer): number {
    for (let i = this.#head; i < this.#chunks.length; i++) {
      const chunk = this.#chunks[i] as Buffer;
      const before = (this.#starts[i] as number) - this.offset;
      const whole = chunk.indexOf(pattern);
      if (whole !== -1) return before + whole;
      for (let at = Math.max(chunk.length - pattern.length + 1, 0); at < chunk.length; at++) {
        if (this.#continues(i, at, pattern)) return before + at;
      }
    }
    return this.length;
  }

  /** Whether the bytes from `at` of a chunk on are those of `pattern`, as far as they have come. */
  #continues(index: number, at: number, pattern: Buffer): boolean {
    let chunk = this.#chunks[index];
    let next = at;
    for (const byte of pattern) {
      while (chunk !== undefined && next === chunk.length) {
        chunk = this.#chunks[++index];
        next = 0;
      }
      if (chunk === undefined) return true;
      if (chunk[next++] !== byte) return false;
    }
    return true;
  }

  /** The chunk with the byte that is `at` bytes away; found by halving, as there may be many. */
  #indexOfChunk(at: number): number {
    const position = this.offset + at;
    let low = this.#head;
    let high = this.#chunks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.#starts[middle] as number) <= position) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
