/**
 * What is read of a file at a time, at most. Much beside a block of records, for one that lies across two chunks
 * is copied: with 256 KiB half of them do, and reading the corpus takes 1.6 times as long.
 */
export const CHUNK_BYTES = 2 ** 20;

/**
 * Memory for the chunks of a file that is read through, used again and again: memory that is used for the first
 * time costs more than all that is done with the bytes, and recovery takes 1.4 times as long.
 */
export class ChunkPool {
  readonly #own = new WeakSet<ArrayBufferLike>();
  readonly #spares: ArrayBufferLike[] = [];

  /** @param bytes `CHUNK_BYTES` at most */
  take(bytes: number): Buffer {
    const memory = this.#spares.pop() ?? new ArrayBuffer(CHUNK_BYTES);
    this.#own.add(memory);
    return Buffer.from(memory, 0, bytes);
  }

  /** Takes back a chunk, or a part of one, that nobody looks at any more. Other memory is left alone. */
  keep({ buffer }: Buffer): void {
    if (this.#own.delete(buffer)) this.#spares.push(buffer);
  }
}
