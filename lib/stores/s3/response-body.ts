import { pipeline, type Readable, Transform, type TransformCallback } from 'node:stream';

import type { Timer } from '../../streams/clock.js';
import type { RequestDeadline } from './request-deadline.js';

export interface ResponseBodyOptions {
  /** The length of the body; undefined where the answer does not say it. */
  readonly bytes: number | undefined;
  /** How long the service may send nothing while the reader wants more bytes. */
  readonly deadline: RequestDeadline;
  /** Makes the error that the reader gets out of an error of the body. */
  readonly toStoreError: (error: Error) => Error;
}

/**
 * The bytes of a response's body. An error of the body, a stall, or another length than the answer
 * said, reaches the reader as a `StoreError`; an error that the reader destroys the stream with stays as it is. When one of the
 * two streams ends or is destroyed, so is the other.
 */
export function watchResponseBody(body: Readable, options: ResponseBodyOptions): Readable {
  return pipeline(body, new ResponseBody(body, options), () => {
    // The returned stream reports the error itself.
  });
}

class ResponseBody extends Transform {
  readonly #body: Readable;
  readonly #options: ResponseBodyOptions;
  #timer: Timer | undefined;
  /** What this class itself found wrong with the body. */
  #fault: Error | undefined;
  #received = 0;

  constructor(body: Readable, options: ResponseBodyOptions) {
    super();
    this.#body = body;
    this.#options = options;
  }

  /**
   * Starts the clock: from now on the service keeps the reader waiting, not the other way round.
   */
  override _read(size: number): void {
    this.#watch();
    super._read(size);
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, callback: TransformCallback): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#received += chunk.length;
    const { bytes = Number.POSITIVE_INFINITY } = this.#options;
    if (this.#received <= bytes) callback(null, chunk);
    else callback(this.#fail('UnexpectedAnswer', `the body goes on after ${bytes} bytes`));
  }

  override _flush(callback: TransformCallback): void {
    this.#timer?.cancel();
    const { bytes = this.#received } = this.#options;
    if (this.#received === bytes) callback();
    else
      callback(
        this.#fail('IncompleteBody', `the body ended at byte ${this.#received} of ${bytes}`),
      );
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#timer?.cancel();
    const isOfBody = error !== null && (error === this.#body.errored || error === this.#fault);
    callback(isOfBody ? this.#options.toStoreError(error) : error);
  }

  #watch(): void {
    const { clock, timeoutMs } = this.#options.deadline;
    this.#timer ??= clock.setTimer(() => {
      this.destroy(this.#fail('TimeoutError', `no more bytes within ${timeoutMs} ms`));
    }, timeoutMs);
    this.#timer.ref();
  }

  #fail(name: string, problem: string): Error {
    this.#fault = Object.assign(new Error(problem), { name });
    return this.#fault;
  }
}
