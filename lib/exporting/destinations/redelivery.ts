import { DeliveryError } from '../../errors/delivery-error.js';
import { type Backoff, jitteredBackoffMs } from '../../streams/backoff.js';
import type { Clock } from '../../streams/clock.js';

const BACKOFF: Backoff = { firstDelayMs: 200, longestDelayMs: 10_000 };

/** A record that is about to be sent again. */
export interface Redelivery {
  readonly error: DeliveryError;
  /** How often it has failed in a row. */
  readonly failures: number;
  readonly delayMs: number;
}

/** Decides when a record that was not taken is sent again, and when it is given up. */
export class RedeliverySchedule {
  readonly #clock: Clock;
  readonly #retryForMs: number;
  #failures = 0;
  #firstFailureMs = 0;

  /** @param retryForMs how long to continue after the first of several failures in a row */
  constructor(clock: Clock, retryForMs: number) {
    this.#clock = clock;
    this.#retryForMs = retryForMs;
  }

  /** A record was confirmed: the next failure is a first one. */
  reset(): void {
    this.#failures = 0;
  }

  /**
   * @param retryAfterMs how long the destination wants to be left alone
   * @throws the error if another attempt cannot help, or would come too late
   */
  next(error: DeliveryError, retryAfterMs = 0): Redelivery {
    if (!error.transient) throw error;
    const nowMs = this.#clock.now();
    if (this.#failures++ === 0) this.#firstFailureMs = nowMs;
    const delayMs = Math.max(jitteredBackoffMs(this.#failures, BACKOFF), retryAfterMs);
    if (nowMs + delayMs - this.#firstFailureMs > this.#retryForMs) throw this.#givenUp(error);
    return { error, failures: this.#failures, delayMs };
  }

  #givenUp({ destinationCode, problem, target }: DeliveryError): DeliveryError {
    const times = this.#failures === 1 ? 'once' : `${this.#failures} times`;
    const given = `${problem}; given up after it failed ${times} in ${this.#retryForMs} ms`;
    return new DeliveryError({ target, problem: given, destinationCode, transient: true });
  }
}
