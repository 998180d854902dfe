import { systemClock, type Timer } from '../../index.js';

/** The input is read up to this share of the deadline, so that lines from before a signal are archived. */
const READING_SHARE = 1 / 2;

/** The writers may take records up to this share; the rest is for sealing and shipping. */
const TAKING_SHARE = 3 / 4;

/** How long a run may take to end, from the end of its input or a signal on, whichever comes first. */
export class RunEnding {
  /** Aborts when no more input may be read. */
  readonly isReadingOver: AbortSignal;
  /** Aborts when writers must have taken everything. */
  readonly isTakingOver: AbortSignal;
  readonly #deadlineMs: number;
  readonly #reading = new AbortController();
  readonly #taking = new AbortController();
  readonly #timers: Timer[] = [];
  #begunMs: number | undefined;

  constructor(deadlineMs: number, signal: AbortSignal) {
    this.#deadlineMs = deadlineMs;
    this.isReadingOver = this.#reading.signal;
    this.isTakingOver = this.#taking.signal;
    if (signal.aborted) this.begin();
    else signal.addEventListener('abort', () => this.begin(), { once: true });
  }

  /** The time that is left, in ms: all of it while the end has not begun. */
  get leftMs(): number {
    const usedMs = this.#begunMs === undefined ? 0 : performance.now() - this.#begunMs;
    return Math.max(1, this.#deadlineMs - usedMs);
  }

  /** The input has ended, or it should. Only the first call counts. */
  begin(): void {
    if (this.#begunMs !== undefined) return;
    this.#begunMs = performance.now();
    const after = (share: number, controller: AbortController) => {
      const timer = systemClock.setTimer(() => controller.abort(), share * this.#deadlineMs);
      timer.ref();
      this.#timers.push(timer);
    };
    after(READING_SHARE, this.#reading);
    after(TAKING_SHARE, this.#taking);
  }

  /** Frees the timers. */
  stop(): void {
    for (const timer of this.#timers) timer.cancel();
  }
}
