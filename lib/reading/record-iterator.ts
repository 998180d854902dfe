import type { ArchiveRecord } from '../codec/records/archive-record.js';

type Result = IteratorResult<ArchiveRecord, undefined>;

/**
 * Iterates over the records in batches. A record of the current batch is returned in a promise that
 * is already resolved: for small records, a loop takes 0.6 times as long as with an async
 * generator, which needs three ticks per record.
 */
export class RecordIterator implements AsyncIterableIterator<ArchiveRecord, undefined> {
  readonly #batches: AsyncGenerator<ArchiveRecord[], void, undefined>;
  readonly #onLeft: () => void;
  #batch: readonly ArchiveRecord[] = [];
  /** The index of the next record in the batch. */
  #next = 0;
  /** How many calls wait for a batch. */
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();
  /** The last record of the batches before the current one. */
  #before: ArchiveRecord | undefined;

  /** @param onLeft called before the batches are closed when a loop breaks off */
  constructor(batches: AsyncGenerator<ArchiveRecord[], void, undefined>, onLeft: () => void) {
    this.#batches = batches;
    this.#onLeft = onLeft;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The record that the loop was given last. */
  get given(): ArchiveRecord | undefined {
    return this.#batch[Math.min(this.#next, this.#batch.length) - 1] ?? this.#before;
  }

  next(): Promise<Result> {
    const value = this.#waiting === 0 ? this.#take() : undefined;
    if (value !== undefined) return Promise.resolve({ value, done: false });
    return this.#inTurn(() => this.#takeOfNext());
  }

  /** Drops the rest of the current batch. */
  drop(): void {
    this.#before = this.given;
    this.#batch = [];
  }

  async return(): Promise<Result> {
    this.drop();
    this.#onLeft();
    await this.#batches.return();
    return { value: undefined, done: true };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  #take(): ArchiveRecord | undefined {
    return this.#batch[this.#next++];
  }

  async #takeOfNext(): Promise<Result> {
    let value = this.#take();
    while (value === undefined) {
      const next = await this.#batches.next();
      if (next.done) return { value: undefined, done: true };
      this.#before = this.given;
      this.#batch = next.value;
      this.#next = 0;
      value = this.#take();
    }
    return { value, done: false };
  }

  #inTurn(task: () => Promise<Result>): Promise<Result> {
    this.#waiting++;
    const result = this.#last.then(task).finally(() => this.#waiting--);
    this.#last = result.catch(() => undefined);
    return result;
  }
}
