import { crc32 } from 'node:zlib';

/** A shorter run of zeros may be text. */
const HOLE_BYTES = 64 * 2 ** 10;

const NO_BYTES = Buffer.alloc(0);

/**
 * Bytes pushed in chunks of any size and read in pieces of any size. A piece that lies within one
 * chunk is not copied.
 */
export class ByteQueue {
  /** How many bytes are in the queue. */
  length = 0;
  /** The offset of the next byte in the archive. */
  offset: number;
  #chunks: Buffer[] = [];
  /** The offset of each chunk. */
  #starts: number[] = [];
  /** The first chunk that has bytes left. Chunks before it are dropped in batches. */
  #head = 0;

  /** @param offset the offset of the first byte that is pushed */
  constructor(offset = 0) {
    this.offset = offset;
  }

  /** The bytes left of the first chunk: the chunk itself if no byte of it was taken. */
  get firstChunk(): Buffer {
    return this.#chunks[this.#head] ?? NO_BYTES;
  }

  push(chunk: Buffer): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#starts.push(this.offset + this.length);
    this.length += chunk.length;
  }

  /**
   * Returns `count` bytes, `at` bytes from the front, and leaves them there. The queue must hold
   * them.
   */
  peek(count: number, at = 0): Buffer {
    let index = this.#indexOfChunk(at);
    const first = this.#chunks[index];
    if (first === undefined) return NO_BYTES;
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

  /** The CRC-32 of the bytes from `at` up to `end` from the front, without a copy of them. */
  crc32(at: number, end: number): number {
    let crc = 0;
    for (let next = at, i = this.#indexOfChunk(at); next < end; i++) {
      const chunk = this.#chunks[i];
      if (chunk === undefined) break;
      const start = this.offset + next - (this.#starts[i] as number);
      const part = chunk.subarray(start, start + end - next);
      crc = crc32(part, crc);
      next += part.length;
    }
    return crc;
  }

  /** Whether a chunk of at least 64 KiB in the next `count` bytes holds only zeros, as a hole does. */
  hasHole(count: number): boolean {
    for (let i = this.#head; i < this.#chunks.length; i++) {
      if ((this.#starts[i] as number) - this.offset >= count) return false;
      const chunk = this.#chunks[i] as Buffer;
      if (chunk.length >= HOLE_BYTES && isAllZeros(chunk)) return true;
    }
    return false;
  }

  /** Returns the int32 that is `at` bytes from the front. The queue must hold it. */
  readInt32LE(at: number): number {
    const index = this.#indexOfChunk(at);
    const chunk = this.#chunks[index] as Buffer;
    const start = this.offset + at - (this.#starts[index] as number);
    if (chunk.length >= start + 4) return chunk.readInt32LE(start);
    return this.peek(4, at).readInt32LE();
  }

  /** Removes and returns the next `count` bytes. The queue must hold them. */
  take(count: number): Buffer {
    const bytes = this.peek(count);
    this.skip(count);
    return bytes;
  }

  /** Drops the next `count` bytes. The queue must hold them. */
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

  /** Continues an empty queue at another offset: the bytes between are not to be had. */
  jumpTo(offset: number): void {
    this.offset = offset;
  }

  /**
   * How far from the front the first `byte` at or after `start` is; -1 if it is not in the queue.
   */
  indexOf(byte: number, start: number): number {
    for (let i = this.#indexOfChunk(start); i < this.#chunks.length; i++) {
      const before = (this.#starts[i] as number) - this.offset;
      const at = (this.#chunks[i] as Buffer).indexOf(byte, Math.max(start - before, 0));
      if (at !== -1) return before + at;
    }
    return -1;
  }

  /**
   * How far from the front `pattern` is, or the start of it that the queue ends with; `length` if
   * the queue has neither.
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

  /** Whether the bytes from `at` of a chunk on match `pattern`, up to the end of the queue. */
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

  /**
   * Finds the chunk with the byte `at` from the front; a binary search, as there may be many
   * chunks.
   */
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

/** Compares with itself, one byte later: most chunks differ in their first bytes. */
function isAllZeros(chunk: Buffer): boolean {
  return chunk[0] === 0 && chunk.subarray(1).equals(chunk.subarray(0, -1));
}
