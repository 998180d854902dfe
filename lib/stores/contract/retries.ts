import { StoreError } from '../../errors/store-error.js';
import { type Backoff, jitteredBackoffMs } from '../../streams/backoff.js';
import type { Clock } from '../../streams/clock.js';

/** What a request is tried again by. */
export interface RetryOptions {
  readonly clock: Clock;
  /** Ends a wait, with its reason. */
  readonly signal: AbortSignal;
  /** From 0 to below 1. @default Math.random */
  readonly random?: (() => number) | undefined;
}

/** So often a request fails in a row before it is given up: it has been tried for half a minute then. */
export const MOST_FAILURES = 8;

const BACKOFF: Backoff = { firstDelayMs: 200, longestDelayMs: 10_000 };

/** Counts how often a request has failed in a row, and waits before it is made again. */
export class Retries {
  readonly #options: RetryOptions;
  #failures = 0;

  constructor(options: RetryOptions) {
    this.#options = options;
  }

  /** The request has come further: what fails from now on counts anew. */
  reset(): void {
    this.#failures = 0;
  }

  /**
   * Waits, exponentially longer each time and with full jitter, so that many readers whose store comes
   * back do not come back to it all at once.
   *
   * @throws `error`, where trying again does not help; a `StoreError` when it has failed too often; the
   *   reason of the signal
   */
  async wait(error: unknown): Promise<void> {
    const { clock, random, signal } = this.#options;
    signal.throwIfAborted();
    if (!mayPass(error)) throw error;
    this.#failures++;
    if (this.#failures >= MOST_FAILURES) throw givenUp(error);
    await sleep(jitteredBackoffMs(this.#failures, BACKOFF, random), clock, signal);
  }
}

/** Makes a request until it succeeds, or `Retries` gives it up. */
export async function retry<T>(request: () => Promise<T>, options: RetryOptions): Promise<T> {
  const retries = new Retries(options);
  while (true) {
    try {
      return await request();
    } catch (error) {
      await retries.wait(error);
    }
  }
}

/** A store of one's own need not know of `StoreError`; misuse stays what it is. */
function mayPass(error: unknown): error is Error {
  if (error instanceof StoreError) return error.transient;
  return error instanceof Error && !(error instanceof TypeError || error instanceof RangeError);
}

function givenUp(error: Error): Error {
  if (!(error instanceof StoreError)) return error;
  const { operation, storeCode, target } = error;
  const said = error.message.slice(`cannot ${operation} ${target}: `.length);
  const problem = `${said}; given up after ${MOST_FAILURES} failures in a row`;
  const failure = { operation, target, problem, storeCode, transient: true };
  return new StoreError(failure, { cause: error });
}

function sleep(delayMs: number, clock: Clock, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      timer.cancel();
      reject(signal.reason);
    };
    const timer = clock.setTimer(() => {
      signal.removeEventListener('abort', abort);
      resolve();
    }, delayMs);
    timer.ref();
    signal.addEventListener('abort', abort, { once: true });
  });
}
