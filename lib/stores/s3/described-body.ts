import { pipeline, type Readable, Transform, type TransformCallback } from 'node:stream';

import type { Timer } from '../../streams/clock.js';
import type { RequestDeadline } from './request-deadline.js';

/** How a body is watched on its way from a store. */
export interface DescribedBodyOptions {
  /** How long it may give nothing while more of it is wanted. */
  readonly deadline: RequestDeadline;
  /** What the reader is told of an error of the body. */
  readonly describe: (error: Error) => Error;
}

/**
 * The bytes of `body`, whose own errors come out as `describe` has them, as does a stall. An error that
 * the consumer destroys the stream with is left as it is. Either one's end ends the other.
 */
export function describeBody(body: Readable, options: DescribedBodyOptions): Readable {
  return pipeline(body, new DescribedBody(body, options), () => {
    // Told by the stream itself.
  });
}

class DescribedBody extends Transform {
  readonly #body: Readable;
  readonly #options: DescribedBodyOptions;
  #timer: Timer | undefined;
  #stall: Error | undefined;

  constructor(body: Readable, options: DescribedBodyOptions) {
    super();
    this.#body = body;
    this.#options = options;
  }

  /** More is wanted: from now on a silence is the body's, not that of a reader who takes his time. */
  override _read(size: number): void {
    this.#watch();
    super._read(size);
  }

  override _transform(
    chunk: unknown,
    _encoding: BufferEncoding,
    callback: TransformCallback,
  ): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    callback(null, chunk);
  }

  override _flush(callback: TransformCallback): void {
    this.#timer?.cancel();
    callback();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#timer?.cancel();
    const isOfBody = error !== null && (error === this.#body.errored || error === this.#stall);
    callback(isOfBody ? this.#options.describe(error) : error);
  }

  #watch(): void {
    const { clock, timeoutMs } = this.#options.deadline;
    this.#timer ??= clock.setTimer(() => {
      const problem = `no more bytes within ${timeoutMs} ms`;
      this.#stall = Object.assign(new Error(problem), { name: 'TimeoutError' });
      this.destroy(this.#stall);
    }, timeoutMs);
    this.#timer.ref();
  }
}
