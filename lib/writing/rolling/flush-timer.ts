import { timers } from '../../format/timers.js';
import type { Clock, Timer } from '../../streams/clock.js';

/** Says when records go to the disk though they do not fill a slab. */
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

  /** Due when the interval since the first call is over. */
  arm(): void {
    if (this.#timer !== undefined) return;
    this.#timer = this.#clock.setTimer(this.#onDue, this.#intervalMs);
    // The process must stay alive until its last records are in the file.
    this.#timer.ref();
  }

  /**
   * Due after all other callbacks of this turn of the event loop: 256 callers that ask for a sync
   * in one turn then share one. Without that, the first would get a sync, and a block, of its own.
   */
  hurry(): void {
    this.#immediate ??= timers.setImmediate(() => {
      this.#immediate = undefined;
      this.#onDue();
    });
  }

  cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    timers.clearImmediate(this.#immediate);
    this.#immediate = undefined;
  }
}
