import type { Clock, Timer } from '../../lib/streams/clock.js';

interface PendingTimer {
  readonly callback: () => void;
  readonly dueMs: number;
  isRef: boolean;
}

/** A clock that stands still until `advance` is called. */
export class FakeClock implements Clock {
  #nowMs: number;
  readonly #timers = new Set<PendingTimer>();

  constructor(nowMs = 1_700_000_000_000) {
    this.#nowMs = nowMs;
  }

  /** How many timers are set and have neither fired nor been cancelled. */
  get pendingTimers(): number {
    return this.#timers.size;
  }

  /** How many of these timers would keep the process alive. */
  get refTimers(): number {
    return [...this.#timers].filter((timer) => timer.isRef).length;
  }

  now(): number {
    return this.#nowMs;
  }

  setTimer(callback: () => void, delayMs: number): Timer {
    const timer = { callback, dueMs: this.#nowMs + Math.max(delayMs, 0), isRef: false };
    this.#timers.add(timer);
    return {
      cancel: () => void this.#timers.delete(timer),
      ref: () => {
        timer.isRef = true;
      },
    };
  }

  /**
   * Lets time pass. Fires all timers that come due, in the order of their times, including timers
   * that these set. Each fires synchronously, when `now` is the time that it was set for.
   */
  advance(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (let timer = this.#nextDue(endMs); timer !== undefined; timer = this.#nextDue(endMs)) {
      this.#timers.delete(timer);
      this.#nowMs = Math.max(this.#nowMs, timer.dueMs);
      timer.callback();
    }
    this.#nowMs = endMs;
  }

  /** Sets the time of day forwards or back, as an administrator may. No timer fires. */
  jumpTo(nowMs: number): void {
    const jumpMs = nowMs - this.#nowMs;
    const timers = [...this.#timers];
    this.#timers.clear();
    this.#nowMs = nowMs;
    for (const timer of timers) this.#timers.add({ ...timer, dueMs: timer.dueMs + jumpMs });
  }

  #nextDue(endMs: number): PendingTimer | undefined {
    let next: PendingTimer | undefined;
    for (const timer of this.#timers) {
      if (timer.dueMs <= endMs && (next === undefined || timer.dueMs < next.dueMs)) next = timer;
    }
    return next;
  }
}
