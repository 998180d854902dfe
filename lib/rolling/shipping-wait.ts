import { ShippingPendingError } from '../errors/shipping-pending-error.js';
import { parseDurationMs } from '../format/quantity.js';
import type { Clock, Timer } from '../streams/clock.js';
import type { ArchiveShipper } from './archive-shipper.js';

/** The wait for the store at the end of a writer, which a time or its user may cut short. */
export class ShippingWait {
  readonly #clock: Clock;
  readonly #abort = new AbortController();
  #limitMs: number;
  #mayLeave = false;
  #timer: Timer | undefined;

  constructor(clock: Clock, limitMs: number) {
    this.#clock = clock;
    this.#limitMs = limitMs;
  }

  /**
   * Waits for so long at most, counted from now on, also where the wait begins later.
   *
   * @throws RangeError for what is no duration; undefined leaves the limit as it is
   */
  limit(deadlineMs: number | undefined): void {
    if (deadlineMs === undefined) return;
    this.#limitMs = parseDurationMs(deadlineMs, 'deadlineMs');
    this.#arm();
  }

  /** From now on it is no error when archives are left. */
  allowLeft(): void {
    this.#mayLeave = true;
  }

  /**
   * Settles when everything is shipped, or the wait is over.
   *
   * @throws ShippingPendingError when archives are left
   */
  async run(shipper: ArchiveShipper): Promise<void> {
    if (this.#timer === undefined) this.#arm();
    const { left, error } = await shipper.drain(this.#abort.signal);
    this.#timer?.cancel();
    if (left.length === 0 || this.#mayLeave) return;
    throw new ShippingPendingError(left, error === undefined ? {} : { cause: error });
  }

  /** Ends the wait now. */
  end(): void {
    this.#timer?.cancel();
    this.#abort.abort();
  }

  #arm(): void {
    this.#timer?.cancel();
    this.#timer = this.#clock.setTimer(() => this.#abort.abort(), this.#limitMs);
    // Somebody waits: the process must not end before they are told.
    this.#timer.ref();
  }
}
