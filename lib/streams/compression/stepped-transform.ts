import type { Transform } from 'node:stream';

/**
 * A stream of `node:zlib` that is fed chunk by chunk, so that the caller has all output of a chunk
 * before the next one, and before an error.
 */
export class SteppedTransform {
  readonly #stream: Transform;
  #failure: Error | undefined;
  #wake: () => void = () => {};

  constructor(stream: Transform) {
    this.#stream = stream;
    stream.on('readable', () => this.#wake());
    stream.on('error', (error) => {
      this.#failure = error;
      this.#wake();
    });
  }

  get hasFailed(): boolean {
    return this.#failure !== undefined;
  }

  /** Yields all output of a chunk. */
  async *push(chunk: Buffer): AsyncGenerator<Buffer> {
    let isTaken = false;
    this.#stream.write(chunk, () => {
      isTaken = true;
      this.#wake();
    });
    while (true) {
      // A loop over the stream would drop its buffer after an error, but those bytes are good.
      const piece: Buffer | null = this.#stream.read();
      if (piece !== null) yield piece;
      else if (this.#failure !== undefined) throw this.#failure;
      else if (isTaken) return;
      else await this.#change();
    }
  }

  close(): void {
    this.#stream.destroy();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
