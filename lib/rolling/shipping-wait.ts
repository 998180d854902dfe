import type { Clock, Timer } from '../streams/clock.js';
import type { ArchiveShipper, ShippingState } from './archive-shipper.js';

/** The wait for the store at the end of a writer, which a time or its user may cut short. */
export class ShippingWait {
  readonly #clock: Clock;
  readonly #abort = new AbortController();
  #limitMs: number;
  #isRunning = false;
  #timer: Timer | undefined;

  constructor(clock: Clock, limitMs: number) {
    this.#clock = clock;
    this.#limitMs = limitMs;
  }

  /** Waits for so long at most, from now on where it is waiting already. */
  limit(limitMs: number): void {
    this.#limitMs = limitMs;
    if (this.#isRunning) this.#arm();
  }

  /** Settles when everything is shipped, or the wait is over. */
  async run(shipper: ArchiveShipper): Promise<ShippingState> {
    this.#isRunning = true;
    this.#arm();
    const state = await shipper.drain(this.#abort.signal);
    this.#isRunning = false;
    this.#timer?.cancel();
    return state;
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
