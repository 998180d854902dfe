import { ShippingPendingError } from '../errors/shipping-pending-error.js';
import { parseDurationMs } from '../format/quantity.js';
import type { Clock, Timer } from '../streams/clock.js';
import type { ArchiveShipper } from './handlers/archive-shipper.js';

/**
 * How long a writer that ends waits, for a disk that refuses what it is told and then for the store. Its
 * user may cut that short.
 */
export class EndWait {
  readonly #clock: Clock;
  readonly #onOver: () => void;
  readonly #abort = new AbortController();
  #limitMs: number;
  #state: 'before' | 'running' | 'over' = 'before';
  #hasDeadline = false;
  #mayLeave = false;
  #timer: Timer | undefined;

  /** @param onOver called when the wait is over: nothing is to be waited for any more */
  constructor(clock: Clock, limitMs: number, onOver: () => void) {
    this.#clock = clock;
    this.#limitMs = limitMs;
    this.#onOver = onOver;
  }

  /**
   * Waits for so long at most, for both, counted from now on, also where the wait begins later.
   *
   * @throws RangeError for what is no duration; undefined leaves the limit as it is
   */
  limit(deadlineMs: number | undefined): void {
    if (deadlineMs === undefined) return;
    this.#limitMs = parseDurationMs(deadlineMs, 'deadlineMs');
    this.#hasDeadline = true;
    this.#arm();
  }

  /** From now on it is no error when archives are left. */
  allowLeft(): void {
    this.#mayLeave = true;
  }

  /** The time begins. `end` is to be called, whatever comes of it. */
  begin(): void {
    if (this.#state !== 'before') return;
    this.#state = 'running';
    if (!this.#hasDeadline) this.#arm();
  }

  /**
   * Settles when everything is shipped, or the wait is over.
   *
   * @throws ShippingPendingError when archives are left
   */
  async ship(shipper: Pick<ArchiveShipper, 'drain'>): Promise<void> {
    // The store has as long as the disk had, unless there is a deadline for both.
    if (!this.#hasDeadline) this.#arm();
    const { left, error } = await shipper.drain(this.#abort.signal);
    if (left.length === 0 || this.#mayLeave) return;
    throw new ShippingPendingError(left, error === undefined ? {} : { cause: error });
  }

  /** The time does not run any more. */
  end(): void {
    this.#state = 'over';
    this.#timer?.cancel();
  }

  /** Nobody waits any more. */
  cut(): void {
    this.end();
    this.#abort.abort();
    this.#onOver();
  }

  #arm(): void {
    if (this.#state === 'over') return;
    this.#timer?.cancel();
    this.#timer = this.#clock.setTimer(() => this.cut(), this.#limitMs);
    // Somebody waits: the process must not end before they are told.
    this.#timer.ref();
  }
}
