import { MAX_INDEX_ENTRIES } from '../../format/index-body.js';
import { BoundedEntries } from '../bytes/bounded-entries.js';
import type { IndexEntry } from './archive-index.js';
import type { BlockFacts } from './block-builder.js';

/** Collects an archive's index entries as its blocks end. */
export class IndexBuilder {
  records = 0;
  readonly #entries: BoundedEntries<IndexEntry>;
  #offset = 0;

  constructor(maxEntries = MAX_INDEX_ENTRIES) {
    this.#entries = new BoundedEntries(maxEntries, merge);
  }

  get entries(): readonly IndexEntry[] {
    return this.#entries.entries;
  }

  add(block: BlockFacts): void {
    const { bytes, ...facts } = block;
    this.#entries.add({ offset: this.#offset, ...facts });
    this.#offset += bytes;
    this.records += block.records;
  }

  /** Sets where the next block begins, if it does not follow the last one directly. */
  skipTo(offset: number): void {
    this.#offset = offset;
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
