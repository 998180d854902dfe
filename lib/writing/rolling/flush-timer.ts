import type { Clock, Timer } from '../../streams/clock.js';

/** Tells when what is in memory is to go to the disk, though it does not fill a slab. */
export class FlushTimer {
  readonly #clock: Clock;
  readonly #intervalMs: number;
  readonly #onDue: () => void;
  #timer: Timer | undefined;
  #immediate: NodeJS.Immediate | undefined;

  constructor(clock: Clock, intervalMs: number, onDue: () => void) {
    this.#clock = clock;
    this.#intervalMs = intervalMs;
    this.#onDue = onDue;
  }

  /** It is due once the interval has passed since the first call. */
  arm(): void {
    if (this.#timer !== undefined) return;
    this.#timer = this.#clock.setTimer(this.#onDue, this.#intervalMs);
    // A process that has nothing else to do must not end before its last records are in the file.
    this.#timer.ref();
  }

  /**
   * It is due behind all that the events of this turn bring: 256 who wait for a sync at the same time then
   * share one, of one block, where the first of them had one of its own.
   */
  hurry(): void {
    this.#immediate ??= setImmediate(() => {
      this.#immediate = undefined;
      this.#onDue();
    });
  }

  cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    clearImmediate(this.#immediate);
    this.#immediate = undefined;
  }
}
