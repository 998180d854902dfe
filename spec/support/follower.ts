import { expect } from 'chai';

import {
  type ArchiveReader,
  type ArchiveRecord,
  createArchiveReader,
  type RollingReadOptions,
  type SequenceGap,
  type SeriesPatterns,
} from '../../lib/index.js';
import { FakeClock } from './fake-clock.js';
import { rejection } from './store-tools.js';
import { until } from './until.js';

/** A reader that follows a series. Its clock stands still: it polls only when a spec lets time pass. */
export class Follower {
  readonly clock: FakeClock;
  readonly reader: ArchiveReader;
  readonly texts: string[] = [];
  readonly gaps: SequenceGap[] = [];
  readonly #abort = new AbortController();
  readonly #done: Promise<unknown>;
  #failure: unknown;

  constructor(
    patterns: SeriesPatterns,
    options: RollingReadOptions = {},
    clock: FakeClock = new FakeClock(),
  ) {
    this.clock = clock;
    const { signal } = this.#abort;
    this.reader = createArchiveReader(patterns, { follow: true, clock, signal, ...options });
    this.reader.on('gap', (gap) => this.gaps.push(gap));
    this.#done = rejection(this.#read());
    void this.#done.then((error) => {
      this.#failure = error;
    });
  }

  /** Waits until exactly so many records have come. */
  async has(count: number): Promise<void> {
    await until(() => {
      if (this.#failure !== undefined) throw this.#failure;
      return this.texts.length >= count;
    });
    expect(this.texts).to.have.length(count);
  }

  /** Waits until it waits for changes. */
  async isIdle(): Promise<void> {
    await until(() => {
      if (this.#failure !== undefined) throw this.#failure;
      return this.clock.pendingTimers > 0;
    });
  }

  /** Lets time pass while it waits, and waits until it waits again. */
  async pass(ms: number): Promise<void> {
    await this.isIdle();
    this.clock.advance(ms);
    await this.isIdle();
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    expect(await this.#done).to.have.property('name', 'AbortError');
  }

  async #read(): Promise<void> {
    const records: AsyncIterable<ArchiveRecord> = this.reader;
    for await (const record of records) this.texts.push(record.text());
  }
}
