import { MAX_INDEX_ENTRIES } from '../../format/index-body.js';
import type { IndexEntry } from './archive-index.js';
import type { BlockFacts } from './block-builder.js';

/** Gathers an archive's index entries as its blocks end. At the limit neighbours merge. */
export class IndexBuilder {
  records = 0;
  #entries: IndexEntry[] = [];
  #offset = 0;
  /** Blocks that go into one entry; doubles each time the entries run out. */
  #blocksPerEntry = 1;
  #blocksInLast = 0;
  readonly #maxEntries: number;

  constructor(maxEntries = MAX_INDEX_ENTRIES) {
    this.#maxEntries = maxEntries;
  }

  get entries(): readonly IndexEntry[] {
    return this.#entries;
  }

  add(block: BlockFacts): void {
    const { bytes, ...facts } = block;
    const entry = { offset: this.#offset, ...facts };
    this.#offset += bytes;
    this.records += block.records;
    const last = this.#entries.at(-1);
    if (last !== undefined && this.#blocksInLast < this.#blocksPerEntry) {
      this.#entries[this.#entries.length - 1] = merge(last, entry);
      this.#blocksInLast++;
      return;
    }
    if (this.#entries.length === this.#maxEntries) this.#halve();
    this.#entries.push(entry);
    this.#blocksInLast = 1;
  }

  /** Where the next block begins, when that is not the end of the last one. */
  skipTo(offset: number): void {
    this.#offset = offset;
  }

  #halve(): void {
    const halved: IndexEntry[] = [];
    for (let i = 0; i < this.#entries.length; i += 2) {
      const [first, second] = this.#entries.slice(i, i + 2) as [IndexEntry, IndexEntry?];
      halved.push(second === undefined ? first : merge(first, second));
    }
    this.#entries = halved;
    this.#blocksPerEntry *= 2;
  }
}

function merge(first: IndexEntry, second: IndexEntry): IndexEntry {
  return {
    offset: first.offset,
    records: first.records + second.records,
    sequence: first.sequence,
    earliestMicros: Math.min(first.earliestMicros, second.earliestMicros),
    latestMicros: Math.max(first.latestMicros, second.latestMicros),
  };
}
