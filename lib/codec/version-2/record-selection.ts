import type { VarintReader } from '../bytes/varint-reader.js';
import type { FrameHeader } from './frame-header.js';
import type { BlockMatch, MetadataMatch } from './metadata-match.js';

/**
 * Which records of version 2 are wanted. A block without any is not opened; of a block that is, no
 * record is made that is not wanted. (Those of version 1 and JSON lines are all given.)
 */
export interface RecordSelection {
  /** Inclusive, µs since the epoch; infinite where there is no bound. */
  readonly earliestMicros: number;
  readonly latestMicros: number;
  readonly metadata: MetadataMatch | undefined;

  /** How many records at the start of a block are not wanted; all of them where none is. */
  passOver(header: FrameHeader): number;

  /** Takes note of a block that was opened, and turned out to be good. */
  noteRead(header: FrameHeader): void;
}

/**
 * A block is kept in memory by its records: those of one that gives fewer than this get their own.
 */
const LEAST_SHARE = 1 / 4;

/** Whether the records that were selected of some are so few that they are to be copied. */
export function areFew(selected: number, records: number): boolean {
  return selected < LEAST_SHARE * records;
}

/** Which records of one block are wanted. */
export class BlockSelection {
  readonly #first: number;
  readonly #earliestMicros: number;
  readonly #latestMicros: number;
  /** Null: whatever their metadata. */
  readonly #match: BlockMatch | null;

  /**
   * `all` or `none` where that is known without a look at the records, by the block's header and
   * keys.
   */
  static create(
    header: FrameHeader,
    keys: readonly Buffer[],
    selection: RecordSelection,
  ): BlockSelection | 'all' | 'none' {
    const { earliestMicros, latestMicros, metadata } = selection;
    const match = metadata?.forKeys(keys);
    if (match === null) return 'none';
    const first = selection.passOver(header);
    const isWithin = header.earliestMicros >= earliestMicros && header.latestMicros <= latestMicros;
    if (match === undefined && first === 0 && isWithin) return 'all';
    return new BlockSelection(first, selection, match ?? null);
  }

  private constructor(first: number, selection: RecordSelection, match: BlockMatch | null) {
    this.#first = first;
    this.#earliestMicros = selection.earliestMicros;
    this.#latestMicros = selection.latestMicros;
    this.#match = match;
  }

  /**
   * Whether a record may be wanted, by what is known without a look at its metadata.
   *
   * @param index of the record in its block
   */
  mayHave(index: number, timeMicros: number): boolean {
    return (
      index >= this.#first && timeMicros >= this.#earliestMicros && timeMicros <= this.#latestMicros
    );
  }

  /**
   * Whether a record that may be wanted is.
   *
   * @param reader of the body; it is left anywhere
   * @param start where its metadata begin, which were checked
   */
  has(reader: VarintReader, body: Buffer, start: number, end: number): boolean {
    return this.#match?.matches(reader, body, start, end) ?? true;
  }
}
