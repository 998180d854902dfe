import { setTimeout } from 'node:timers/promises';

import {
  type ArchiveWriter,
  createArchiveReader,
  type DirectoryStore,
  type SeriesPatterns,
} from '../lib/index.js';

/** The pause between two passes. */
const PAUSE_MS = 500;

/** How many passes may read the rest at the end. */
const LAST_PASSES = 20;

/**
 * Reads a series while it is written, sealed and shipped. Each pass starts at the last record that
 * was read. Deletes objects whose records were all read: each pass has about the same work.
 */
export class ReadAlong {
  /** Records that were read, in order, each once. */
  records = 0;
  /** Records that were not there at the end. */
  lost = 0;
  /** Records that came twice in a pass, or had another payload than their sequence says. */
  repeated = 0;
  readonly #patterns: SeriesPatterns;
  readonly #store: DirectoryStore;
  #lastTime: Date | undefined;
  /** How many records all archives up to a sealed one have; by its name. */
  readonly #ends = new Map<string, number>();
  #sealedRecords = 0;
  /** Shipped, and not read to the end: what to delete, and after how many records. */
  readonly #shipped = new Map<string, number>();

  constructor(spool: string, store: DirectoryStore, writer: ArchiveWriter) {
    this.#patterns = [spool, { store, pattern: '*.gz' }];
    this.#store = store;
    writer.on('sealed', ({ name, records }) => {
      this.#sealedRecords += records;
      this.#ends.set(name, this.#sealedRecords);
    });
    writer.on('shipped', ({ key, name }) => {
      this.#shipped.set(key, this.#ends.get(name) ?? Number.POSITIVE_INFINITY);
      this.#ends.delete(name);
    });
  }

  async until(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      await this.#pass();
      await setTimeout(PAUSE_MS);
    }
  }

  /** Reads what is left. */
  async finish(written: number): Promise<void> {
    for (let i = 0; i < LAST_PASSES && this.records < written; i++) await this.#pass();
    this.lost = written - this.records;
  }

  async #pass(): Promise<void> {
    const reader = createArchiveReader(this.#patterns, { from: this.#lastTime, allowEmpty: true });
    let last = -1;
    for await (const record of reader) {
      const { sequence = 0, time } = record;
      if (sequence <= last || !record.text().startsWith(`${sequence} `)) this.repeated++;
      last = sequence;
      if (sequence < this.records) continue;
      // An archive moved while this pass listed it. The next pass finds it.
      if (sequence > this.records) break;
      this.records++;
      this.#lastTime = time;
    }
    for (const [key, end] of this.#shipped) {
      if (end > this.records) continue;
      await this.#store.delete(key);
      this.#shipped.delete(key);
    }
  }
}
