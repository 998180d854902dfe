import type { Clock } from '../../lib/streams/clock.js';

/** A clock whose timers fire at once. Records their delays. */
export class HastyClock implements Clock {
  /** The delays of all timers, in milliseconds. */
  readonly delays: number[] = [];

  now(): number {
    return 1_700_000_000_000;
  }

  setTimer(callback: () => void, delayMs: number) {
    this.delays.push(delayMs);
    const timer = setImmediate(callback);
    return { cancel: () => clearImmediate(timer), ref: () => undefined };
  }
}
