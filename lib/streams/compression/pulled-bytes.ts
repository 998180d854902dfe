import { ByteQueue } from '../../codec/bytes/byte-queue.js';

/** A queue of the bytes of an iterable that takes a chunk only when the queue has too few bytes. */
export class PulledBytes {
  /** Bytes taken from the iterable and not yet consumed. Its `offset` counts the consumed ones. */
  readonly queue = new ByteQueue();
  readonly #chunks: AsyncIterator<Buffer>;
  #failure: { readonly error: unknown } | undefined;

  constructor(chunks: AsyncIterable<Buffer>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /**
   * Adds the next chunk to the queue. Returns false if the iterable has ended.
   *
   * @throws the error of the iterable, on every call: an iterator that threw once would then report
   * its end
   */
  async pull(): Promise<boolean> {
    if (this.#failure !== undefined) throw this.#failure.error;
    try {
      const { done, value } = await this.#chunks.next();
      if (done) return false;
      this.queue.push(value);
      return true;
    } catch (error) {
      this.#failure = { error };
      throw error;
    }
  }

  /** Fills the queue to at least `count` bytes. Returns false if the iterable has fewer. */
  async has(count: number): Promise<boolean> {
    while (this.queue.length < count) if (!(await this.pull())) return false;
    return true;
  }

  /** Takes all bytes of the queue. The caller may push back those that it does not need. */
  takeAll(): Buffer {
    return this.queue.take(this.queue.length);
  }

  /** Puts chunks that were taken back before the others. */
  putBack(chunks: readonly Buffer[]): void {
    const rest = this.takeAll();
    for (const chunk of [...chunks, rest]) this.queue.offset -= chunk.length;
    for (const chunk of [...chunks, rest]) this.queue.push(chunk);
  }

  /** Ends the iteration, whether or not the iterable has ended. */
  async close(): Promise<void> {
    await this.#chunks.return?.();
  }
}
