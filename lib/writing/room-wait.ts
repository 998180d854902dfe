import type { Writable } from 'node:stream';

/** Those who wait until a stream may take more: its `drain` and its `close` tell of that, and `wake`. */
export class RoomWait {
  readonly #stream: Writable;
  readonly #waiting = new Set<() => void>();

  constructor(stream: Writable) {
    this.#stream = stream;
  }

  /** Settles when there may be room. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#stream.off('drain', done).off('close', done);
        this.#waiting.delete(done);
        resolve();
      };
      this.#stream.on('drain', done).on('close', done);
      this.#waiting.add(done);
    });
  }

  wake(): void {
    for (const done of this.#waiting) done();
  }
}
