import { type Clock, systemClock, type Timer } from '../lib/streams/clock.js';

/** The system's clock, which counts its timers: `getActiveResourcesInfo` omits those without `ref`. */
export class CountingClock implements Clock {
  readonly #pending = new Set<Timer>();

  /** Timers that were set, and have neither fired nor been cancelled. */
  get pending(): number {
    return this.#pending.size;
  }

  now(): number {
    return systemClock.now();
  }

  setTimer(callback: () => void, delayMs: number): Timer {
    const timer = systemClock.setTimer(() => {
      this.#pending.delete(counted);
      callback();
    }, delayMs);
    const counted: Timer = {
      cancel: () => {
        this.#pending.delete(counted);
        timer.cancel();
      },
      ref: () => timer.ref(),
    };
    this.#pending.add(counted);
    return counted;
  }
}
