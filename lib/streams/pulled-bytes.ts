import { ByteQueue } from '../codec/bytes/byte-queue.js';

/** The bytes of an iterable, a chunk of which is taken only when there are too few. */
export class PulledBytes {
  /** What was taken of the iterable, and not of the queue. */
  readonly queue = new ByteQueue();
  readonly #chunks: AsyncIterator<Buffer>;
  #failure: { readonly error: unknown } | undefined;

  constructor(chunks: AsyncIterable<Buffer>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /**
   * Puts one more chunk into the queue; false where there is none.
   *
   * @throws what the iterable threw, again and again: an iterator that did would only say that it is done
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

  /** Sees to it that the queue has `count` bytes; false where there are not as many. */
  async has(count: number): Promise<boolean> {
    while (this.queue.length < count) if (!(await this.pull())) return false;
    return true;
  }

  /** All that is in the queue; what is too much of it may be pushed back. */
  takeAll(): Buffer {
    return this.queue.take(this.queue.length);
  }

  /** Lets the iterable go, whether or not it came to its end. */
  async close(): Promise<void> {
    await this.#chunks.return?.();
  }
}
