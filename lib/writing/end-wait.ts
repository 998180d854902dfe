import { DeadlineError } from '../errors/deadline-error.js';
import { ShippingPendingError } from '../errors/shipping-pending-error.js';
import { parseDurationMs } from '../format/quantity.js';
import type { Clock, Timer } from '../streams/clock.js';
import { createSharedController } from '../streams/shared-controller.js';
import type { ArchiveShipper } from './handlers/archive-shipper.js';

/**
 * How long a writer that was destroyed without a deadline waits for handlers and recoveries: one that
 * never ends would keep it open forever.
 */
const DESTROYED_MS = 5000;

/**
 * Limits how long a writer that ends waits: first for a disk that refuses to write, then for the
 * store. The user may set a deadline for both, and for everything else that the end waits for:
 * handlers, recoveries, what was listed or asked. Only sealing takes as long as the disk needs.
 */
export class EndWait {
  readonly #clock: Clock;
  readonly #onOver: () => void;
  readonly #abort = new AbortController();
  readonly #overdue = createSharedController();
  #expired: DeadlineError | undefined;
  #limitMs: number;
  #state: 'before' | 'running' | 'over' = 'before';
  #hasDeadline = false;
  #mayLeave = false;
  #timer: Timer | undefined;

  /** @param onOver called when the time is up: the writer must wait for nothing any more */
  constructor(clock: Clock, limitMs: number, onOver: () => void) {
    this.#clock = clock;
    this.#limitMs = limitMs;
    this.#onOver = onOver;
  }

  /**
   * Sets a deadline for both waits, counted from now, even if they begin later. Undefined sets
   * none.
   *
   * @throws RangeError for a deadline that is not a duration
   */
  limit(deadlineMs: number | undefined): void {
    if (deadlineMs === undefined) return;
    this.#limitMs = parseDurationMs(deadlineMs, 'deadlineMs');
    this.#hasDeadline = true;
    this.#arm();
  }

  /** The error that says that the time was over; undefined while it is not. */
  get expired(): DeadlineError | undefined {
    return this.#expired;
  }

  /**
   * Aborts when a deadline that the user has set is over, or some time after a destruction, with a
   * `DeadlineError`.
   */
  get overdue(): AbortSignal {
    return this.#overdue.signal;
  }

  /** From now on, archives that are left at the end are not an error. */
  allowLeft(): void {
    this.#mayLeave = true;
  }

  /** Starts the time. The caller must call `end` once the writer is closed. */
  begin(): void {
    if (this.#state !== 'before') return;
    this.#state = 'running';
    if (!this.#hasDeadline) this.#arm();
  }

  /**
   * Settles when everything is shipped, or the time is up.
   *
   * @throws ShippingPendingError if archives are left
   */
  async ship(shipper: Pick<ArchiveShipper, 'drain'>): Promise<void> {
    // The store gets as much time as the disk had, unless there is a deadline for both.
    if (!this.#hasDeadline) this.#arm();
    const { left, error } = await shipper.drain(this.#abort.signal);
    if (left.length === 0 || this.#mayLeave) return;
    const cause = error ?? this.#expired;
    throw new ShippingPendingError(left, cause === undefined ? {} : { cause });
  }

  /** Stops the time. */
  end(): void {
    this.#state = 'over';
    this.#timer?.cancel();
  }

  /**
   * The writer is destroyed: ends the waiting for disk and store now. Everything else has until the
   * deadline, or 5 s without one.
   */
  cut(): void {
    this.#giveUp();
    if (this.#hasDeadline) return;
    this.#setTimer(DESTROYED_MS, () => {
      this.#overdue.abort(new DeadlineError('the destroyed writer has not ended', DESTROYED_MS));
    });
  }

  #arm(): void {
    this.#setTimer(this.#limitMs, () => this.#expire());
  }

  #setTimer(delayMs: number, callback: () => void): void {
    if (this.#state === 'over') return;
    this.#timer?.cancel();
    this.#timer = this.#clock.setTimer(callback, delayMs);
    // The process must stay alive until the caller that waits has its result.
    this.#timer.ref();
  }

  #expire(): void {
    this.#expired = new DeadlineError('the writer has not ended', this.#limitMs);
    if (this.#hasDeadline) this.#overdue.abort(this.#expired);
    this.#giveUp();
  }

  #giveUp(): void {
    if (!this.#hasDeadline) this.#timer?.cancel();
    this.#abort.abort();
    this.#onOver();
  }
}
