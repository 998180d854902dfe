import type { Writable } from 'node:stream';

/** Where the line is shown. */
type LineStream = Pick<Writable, 'write'> & { readonly columns?: number | undefined };

/** The shortest time between two changes of the line. */
const INTERVAL_MS = 100;

/**
 * One line at the bottom of a terminal, which shows how far a command is. It changes at most ten
 * times a second; without a terminal nothing is shown.
 */
export class StatusLine {
  readonly #stream: LineStream;
  readonly #isShown: boolean;
  #lastMs = Number.NEGATIVE_INFINITY;
  #isDirty = false;

  constructor(stream: LineStream, isShown: boolean) {
    this.#stream = stream;
    this.#isShown = isShown;
  }

  show(text: string): void {
    const nowMs = performance.now();
    if (!this.#isShown || nowMs - this.#lastMs < INTERVAL_MS) return;
    this.#lastMs = nowMs;
    this.#isDirty = true;
    const { columns = 80 } = this.#stream;
    // A line that wraps could not be erased.
    this.#stream.write(`\r\x1b[K${text.slice(0, Math.max(columns - 1, 10))}`);
  }

  clear(): void {
    if (!this.#isDirty) return;
    this.#isDirty = false;
    this.#lastMs = Number.NEGATIVE_INFINITY;
    this.#stream.write('\r\x1b[K');
  }
}
