import type { Clock, Timer } from '../streams/clock.js';
import type { RecordSource, SafePosition } from './contract/record-source.js';
import type { SeriesArchiver } from './series-archiver.js';

/** Acknowledges safe positions of all series together: one request at a time, and not too often. */
export class Acknowledger {
  readonly #source: RecordSource;
  readonly #clock: Clock;
  readonly #onFailed: (error: unknown) => void;
  readonly #waiting = new Set<SeriesArchiver>();
  #request: Promise<void> | undefined;
  #timer: Timer | undefined;
  #lastMs = Number.NEGATIVE_INFINITY;
  #isFinishing = false;

  constructor(source: RecordSource, clock: Clock, onFailed: (error: unknown) => void) {
    this.#source = source;
    this.#clock = clock;
    this.#onFailed = onFailed;
  }

  /** More positions of the series are safe. */
  add(archiver: SeriesArchiver): void {
    this.#waiting.add(archiver);
    this.#schedule();
  }

  /** Acknowledges what is safe. */
  async finish(): Promise<void> {
    this.#isFinishing = true;
    this.#timer?.cancel();
    await this.#request;
    await this.#acknowledge();
  }

  #schedule(): void {
    if (this.#request !== undefined || this.#timer !== undefined || this.#isFinishing) return;
    const { acknowledgeIntervalMs } = this.#source;
    // A clock that jumps back must not make this longer than the interval.
    const sinceMs = Math.max(this.#clock.now() - this.#lastMs, 0);
    if (sinceMs >= acknowledgeIntervalMs) this.#begin();
    else {
      this.#timer = this.#clock.setTimer(() => {
        this.#timer = undefined;
        this.#begin();
      }, acknowledgeIntervalMs - sinceMs);
    }
  }

  #begin(): void {
    this.#lastMs = this.#clock.now();
    this.#request = this.#acknowledge().then(
      () => this.#end(),
      (error) => {
        this.#onFailed(error);
        this.#end();
      },
    );
  }

  #end(): void {
    this.#request = undefined;
    if (this.#waiting.size > 0) this.#schedule();
  }

  async #acknowledge(): Promise<void> {
    const positions: SafePosition[] = [];
    for (const archiver of this.#waiting) {
      const position = archiver.takeSafePosition();
      if (position !== undefined) positions.push({ series: archiver.series, position });
    }
    this.#waiting.clear();
    if (positions.length === 0) return;
    await this.#source.acknowledge(positions);
    this.#source.counts.acknowledgements++;
  }
}
