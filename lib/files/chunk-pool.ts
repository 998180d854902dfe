import { isAllZeros, sharedZeros } from './zeros.js';

/**
 * The most that is read of a file at a time. Much larger than a block of records, because a block
 * that crosses from one chunk into the next must be copied: with 256 KiB half of the blocks do, and
 * reading the corpus takes 1.6 times as long.
 */
export const CHUNK_BYTES = 2 ** 20;

/**
 * Memory for the chunks of a file, which is used again. Fresh memory costs more than everything
 * that is done with the bytes: without the pool, recovery takes 1.4 times as long.
 */
export class ChunkPool {
  readonly #own = new WeakSet<ArrayBufferLike>();
  readonly #spares: ArrayBufferLike[] = [];

  /** @param bytes at most `CHUNK_BYTES` */
  take(bytes: number): Buffer {
    const memory = this.#spares.pop() ?? new ArrayBuffer(CHUNK_BYTES);
    this.#own.add(memory);
    return Buffer.from(memory, 0, bytes);
  }

  /**
   * Exchanges a chunk of zeros for one in memory that all such chunks share: a sparse file of any
   * length takes no memory. No caller may change the bytes that this returns.
   */
  withoutZeros(chunk: Buffer): Buffer {
    if (!isAllZeros(chunk)) return chunk;
    this.keep(chunk);
    return sharedZeros(chunk.length);
  }

  /** Takes back a chunk, or a slice of one, after its last use. Ignores memory from elsewhere. */
  keep({ buffer }: Buffer): void {
    if (this.#own.delete(buffer)) this.#spares.push(buffer);
  }
}
