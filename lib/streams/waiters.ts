/**
 * Async callers that wait until some state changes. A caller that was woken must look at the state
 * again: another one may have come first, so callers write `while (!isFree()) await
 * waiters.next()`.
 */
export class Waiters {
  readonly #waiting: (() => void)[] = [];
  #hasEnded = false;

  /** Settles when this caller is woken; at once after `end`. */
  next(): Promise<void> {
    if (this.#hasEnded) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Wakes the caller that has waited longest. */
  wakeOne(): void {
    this.#waiting.shift()?.();
  }

  /** Wakes all callers that wait now; a caller that waits again needs another wake. */
  wakeAll(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /**
   * Wakes all callers for the last time: the state does not change any more, so no caller may wait.
   */
  end(): void {
    this.#hasEnded = true;
    this.wakeAll();
  }
}
