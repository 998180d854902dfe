/** Where time comes from. Specs pass one of their own; everything else uses `systemClock`. */
export interface Clock {
  /** Milliseconds since the epoch. May jump, as the system's does. */
  now(): number;
  /** Calls back once after `delayMs`. The timer alone does not keep the process alive. */
  setTimer(callback: () => void, delayMs: number): Timer;
}

/** A call that a `Clock` has yet to make. */
export interface Timer {
  /** Harmless once it has fired. */
  cancel(): void;
  /** From now on the timer keeps the process alive: somebody waits for it. */
  ref(): void;
}

/** Node's timers fire at once when told to wait longer than this (2^31 - 1 ms, 24.8 days). */
const LONGEST_DELAY_MS = 2 ** 31 - 1;

/** The system's time, and Node's timers. */
export const systemClock: Clock = {
  now: () => Date.now(),
  setTimer(callback, delayMs) {
    let leftMs = Math.max(delayMs, 0);
    let keepsAlive = false;
    let timer: NodeJS.Timeout;
    const wait = () => {
      const stepMs = Math.min(leftMs, LONGEST_DELAY_MS);
      leftMs -= stepMs;
      timer = setTimeout(leftMs > 0 ? wait : callback, stepMs);
      if (!keepsAlive) timer.unref();
    };
    wait();
    return {
      cancel: () => clearTimeout(timer),
      ref() {
        keepsAlive = true;
        timer.ref();
      },
    };
  },
};
