import type { ArchiveRecord } from '../codec/records/archive-record.js';

type Result = IteratorResult<ArchiveRecord, undefined>;

/**
 * Gives the records of arrays one by one. Those of an array that has come are in promises that are resolved
 * already: a loop over small records takes 0.6 times as long as by an async generator, with which each is three
 * ticks.
 */
export class RecordIterator implements AsyncIterableIterator<ArchiveRecord, undefined> {
  readonly #batches: AsyncGenerator<ArchiveRecord[], void, undefined>;
  readonly #onLeft: () => void;
  #batch: readonly ArchiveRecord[] = [];
  /** Of the batch, what was given. */
  #given = 0;
  /** Calls that wait for a batch, one after the other. */
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();

  /** @param onLeft called first when it is left before its end */
  constructor(batches: AsyncGenerator<ArchiveRecord[], void, undefined>, onLeft: () => void) {
    this.#batches = batches;
    this.#onLeft = onLeft;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Result> {
    const value = this.#waiting === 0 ? this.#take() : undefined;
    if (value !== undefined) return Promise.resolve({ value, done: false });
    return this.#inTurn(() => this.#takeOfNext());
  }

  /** Gives nothing of the batch that has come. */
  drop(): void {
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
    return this.#batch[this.#given++];
  }

  async #takeOfNext(): Promise<Result> {
    let value = this.#take();
    while (value === undefined) {
      const next = await this.#batches.next();
      if (next.done) return { value: undefined, done: true };
      this.#batch = next.value;
      this.#given = 0;
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
