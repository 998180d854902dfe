import { type Receipt, type RecordPlace, systemClock } from '../../index.js';
import type { AnyWriter } from '../options/writer-options.js';
import { type RequestError, unavailable } from './request-error.js';

/** How safe a record must be before its request is answered. */
export type AckLevel = 'written' | 'synced' | 'shipped';

/** How long records are collected that wait to be shipped, before their archive is sealed. */
const COLLECT_MS = 1000;

/**
 * Waits until records are as safe as `--ack` says, for a limited time. For `shipped` it has the
 * archive sealed, a second after the first record that waits, or once the archives before it are in
 * the store: a store that is away must not leave an archive for each second.
 */
export class Acknowledger {
  readonly #writer: AnyWriter;
  readonly #level: AckLevel;
  readonly #timeoutMs: number;
  /** Whether records wait for their archive to be sealed. */
  #awaitsRoll = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(writer: AnyWriter, level: AckLevel, timeoutMs: number) {
    this.#writer = writer;
    this.#level = level;
    this.#timeoutMs = timeoutMs;
    const onShipped = () => this.#rollSoon();
    if (level !== 'shipped') return;
    if ('writer' in writer) writer.on('shipped', onShipped);
    else writer.on('shipped', onShipped);
  }

  /**
   * Settles when the record is safe.
   *
   * @throws RequestError 503 when the time is over; what the receipt rejects with
   */
  async settle(receipt: Receipt): Promise<RecordPlace> {
    return await this.within(this.want(receipt));
  }

  /** Has the record made safe soon, and settles when it is, whenever that is. */
  async want(receipt: Receipt): Promise<RecordPlace> {
    if (this.#level === 'shipped') {
      this.#awaitsRoll = true;
      this.#rollSoon();
    }
    return await receipt[this.#level];
  }

  /** Settles at once. @throws RequestError 503 if the record is not safe now */
  async now(receipt: Receipt): Promise<RecordPlace> {
    // If both are settled, the first one wins.
    return await Promise.race([receipt[this.#level], Promise.reject(this.#lateError())]);
  }

  /** Settles as `work` does, or throws RequestError 503 when the time is over. */
  async within<Result>(work: Promise<Result>): Promise<Result> {
    return await new Promise((resolve, reject) => {
      const late = () => reject(this.#lateError());
      const timer = systemClock.setTimer(late, this.#timeoutMs);
      work.then(resolve, reject).finally(() => timer.cancel());
    });
  }

  #rollSoon(): void {
    if (!this.#awaitsRoll || this.#timer !== undefined || this.#writer.stats().left > 0) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#awaitsRoll = false;
      void this.#writer.roll();
    }, COLLECT_MS);
    this.#timer.unref();
  }

  #lateError(): RequestError {
    const { reason, stalled } = this.#writer.stats();
    const cause = stalled === null ? reason : stalled.error;
    const why = cause instanceof Error ? ` (${cause.message})` : '';
    const time = `${this.#timeoutMs / 1000} s`;
    return unavailable(`the record is not ${this.#level} after ${time}, but may be later${why}`);
  }
}
