/** Where time comes from. Specs pass one of their own; everything else uses `systemClock`. */
export interface Clock {
  /** Milliseconds since the epoch. May jump, as the system's does. */
  now(): number;
  /** Calls back once after `delayMs`. The timer alone does not keep the process alive. */
  setTimer(callback: () => void, delayMs: number): Timer;
}

export interface Timer {
  cancel(): void;
  /** From now on the timer keeps the process alive: somebody waits for it. */
  ref(): void;
}

/** Node's timers fire at once when told to wait longer than this (2^31 - 1 ms, 24.8 days). */
const LONGEST_DELAY_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  setTimer(callback, delayMs) {
    const timer = setTimeout(callback, Math.min(Math.max(delayMs, 0), LONGEST_DELAY_MS));
    timer.unref();
    return {
      cancel: () => clearTimeout(timer),
      ref: () => void timer.ref(),
    };
  },
};
