import { nextTick } from '../format/timers.js';
import type { Clock } from './clock.js';

/** So many calls in one turn of the event loop are a burst. */
const BURST_CALLS = 64;

/** During a burst, so many calls share one reading of the clock. */
const SHARING_CALLS = 16;

/** A burst in which readings are further apart is too slow to share them. */
const MOST_APART_MS = 1;

/**
 * Reads a clock, and shares readings during a burst: when thousands of records are written in one
 * turn of the event loop, the clock alone would take a fifth of the time of a small record. A shared
 * reading is as old as the calls that share it, which take less than a millisecond unless the
 * process is halted in between.
 */
export class BurstClock {
  readonly #clock: Clock;
  #lastMs = Number.NaN;
  /** Calls since the turn began, or since the last readings were too far apart. */
  #calls = 0;
  /** How many calls may still share the last reading. */
  #shared = 0;
  #awaitsTick = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Milliseconds since the epoch. */
  now(): number {
    if (this.#shared > 0) {
      this.#shared--;
      return this.#lastMs;
    }
    const now = this.#clock.now();
    const isFast = Math.abs(now - this.#lastMs) <= MOST_APART_MS;
    this.#lastMs = now;
    this.#calls = isFast ? this.#calls + 1 : 0;
    if (this.#calls >= BURST_CALLS) this.#share();
    return now;
  }

  #share(): void {
    this.#shared = SHARING_CALLS - 1;
    if (this.#awaitsTick) return;
    this.#awaitsTick = true;
    nextTick(() => {
      this.#awaitsTick = false;
      this.#calls = 0;
      this.#shared = 0;
    });
  }
}
