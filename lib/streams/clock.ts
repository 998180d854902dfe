import { timers } from '../format/timers.js';
/** The source of time. Specs pass their own; everything else uses `systemClock`. */
export interface Clock {
  /** Milliseconds since the epoch. May jump, as the system's clock does. */
  now(): number;
  /** Calls back once after `delayMs`. The timer alone does not keep the process alive. */
  setTimer(callback: () => void, delayMs: number): Timer;
}

/** A pending call of a `Clock`. */
export interface Timer {
  /** Has no effect after the call. */
  cancel(): void;
  /** Makes the timer keep the process alive, because a caller now waits for it. */
  ref(): void;
}

/** Node's timers fire at once if the delay is longer than this (2^31 - 1 ms, 24.8 days). */
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
      timer = timers.setTimeout(leftMs > 0 ? wait : callback, stepMs);
      if (!keepsAlive) timer.unref();
    };
    wait();
    return {
      cancel: () => timers.clearTimeout(timer),
      ref() {
        keepsAlive = true;
        timer.ref();
      },
    };
  },
};
