import { MAX_INDEX_ENTRIES } from '../../format/index-body.js';
import { BoundedEntries } from '../bytes/bounded-entries.js';
import type { IndexEntry, SequenceOrder } from './archive-index.js';
import type { BlockFacts } from './block-builder.js';
import { followsGap } from './frame-header.js';

/** Collects an archive's index entries as its blocks end. */
export class IndexBuilder {
  records = 0;
  /** How the sequences of the blocks follow each other. */
  order: SequenceOrder = 'consecutive';
  readonly #entries: BoundedEntries<IndexEntry>;
  #offset = 0;
  #nextSequence: number | undefined;

  constructor(maxEntries = MAX_INDEX_ENTRIES) {
    this.#entries = new BoundedEntries(maxEntries, merge);
  }

  get entries(): readonly IndexEntry[] {
    return this.#entries.entries;
  }

  add(block: BlockFacts): void {
    const { earliestMicros, latestMicros, records, sequence } = block;
    this.#entries.add({ offset: this.#offset, records, sequence, earliestMicros, latestMicros });
    this.#offset += block.bytes;
    this.records += records;
    const next = this.#nextSequence ?? sequence;
    if (sequence < next) this.order = 'unordered';
    else if (this.order === 'consecutive' && (sequence > next || followsGap(block))) {
      this.order = 'with gaps';
    }
    this.#nextSequence = sequence + records;
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
