import { isError, isMisuse } from '../../errors/is-error.js';
import { StoreError } from '../../errors/store-error.js';
import { type Backoff, jitteredBackoffMs } from '../../streams/backoff.js';
import type { Clock } from '../../streams/clock.js';
import { sleepUntilAborted } from '../../streams/sleep-until-aborted.js';

export interface RetryOptions {
  readonly clock: Clock;
  /** Ends a wait, which then rejects with the signal's reason. */
  readonly signal: AbortSignal;
  /** Gives numbers from 0 to below 1. @default Math.random */
  readonly random?: (() => number) | undefined;
}

/** After so many failures in a row a request is given up. That takes up to half a minute. */
export const MOST_FAILURES = 8;

const BACKOFF: Backoff = { firstDelayMs: 200, longestDelayMs: 10_000 };

/** Counts how often a request has failed in a row, and waits before it is made again. */
export class Retries {
  readonly #options: RetryOptions;
  #failures = 0;

  constructor(options: RetryOptions) {
    this.#options = options;
  }

  /** Starts the count again: the request has made progress. */
  reset(): void {
    this.#failures = 0;
  }

  /**
   * Waits before the next attempt, exponentially longer each time and with full jitter.
   *
   * @throws `error` itself when another attempt cannot help; a `StoreError` after too many
   *   failures; the reason of the signal
   */
  async wait(error: unknown): Promise<void> {
    const { clock, random, signal } = this.#options;
    signal.throwIfAborted();
    if (!mayPass(error)) throw error;
    this.#failures++;
    if (this.#failures >= MOST_FAILURES) throw givenUp(error);
    await sleepUntilAborted(jitteredBackoffMs(this.#failures, BACKOFF, random), clock, signal);
  }
}

/** Makes a request until it succeeds or `Retries` gives it up. */
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

/** A caller's own store may throw other errors than `StoreError`. Misuse is never tried again. */
function mayPass(error: unknown): error is Error {
  if (error instanceof StoreError) return error.transient;
  return isError(error) && !isMisuse(error);
}

function givenUp(error: Error): Error {
  if (!(error instanceof StoreError)) return error;
  const { operation, storeCode, target } = error;
  const said = error.message.slice(`cannot ${operation} ${target}: `.length);
  const problem = `${said}; given up after ${MOST_FAILURES} failures in a row`;
  const failure = { operation, target, problem, storeCode, transient: true };
  return new StoreError(failure, { cause: error });
}
