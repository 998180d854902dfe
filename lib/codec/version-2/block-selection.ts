import type { VarintReader } from '../bytes/varint-reader.js';
import type { FrameHeader } from './frame-header.js';
import type { BlockMatch, MetadataMatch } from './metadata-match.js';

/**
 * Selects records of version 2. No record of a block without wanted records is decoded, and no object
 * is made for an unwanted record. Records of version 1 and JSON lines are not filtered here.
 */
export interface RecordSelection {
  /** µs since the epoch, inclusive; infinite without a bound. */
  readonly earliestMicros: number;
  readonly latestMicros: number;
  readonly metadata: MetadataMatch | undefined;

  /** The records of a block that are unwanted, by their sequences: ascending ranges within it. */
  passOver(header: FrameHeader): readonly SequenceSpan[];

  /** Called for each good block, whether it was opened or passed over. */
  noteRead(header: FrameHeader): void;
}

/** Sequences from `begin` up to, but without, `end`. */
export interface SequenceSpan {
  readonly begin: number;
  readonly end: number;
}

/** Whether all records of a block are unwanted. */
export function isPassedOver(
  { records, sequence }: FrameHeader,
  unwanted: readonly SequenceSpan[],
): boolean {
  const [first] = unwanted;
  return first !== undefined && first.begin <= sequence && first.end >= sequence + records;
}

/** Records keep their block in memory. If fewer than this share are selected, they are copied. */
const LEAST_SHARE = 1 / 4;

/** Whether so few records of a block are selected that copying them saves memory. */
export function areFew(selected: number, records: number): boolean {
  return selected < LEAST_SHARE * records;
}

/** Selects records of one block. */
export class BlockSelection {
  readonly #sequence: number;
  readonly #unwanted: readonly SequenceSpan[];
  readonly #earliestMicros: number;
  readonly #latestMicros: number;
  /** Null: any metadata match. */
  readonly #match: BlockMatch | null;

  /** Returns `all` or `none` if the block's header and keys alone decide. */
  static create(
    header: FrameHeader,
    keys: readonly Buffer[],
    selection: RecordSelection,
  ): BlockSelection | 'all' | 'none' {
    const { earliestMicros, latestMicros, metadata } = selection;
    const match = metadata?.forKeys(keys);
    if (match === null) return 'none';
    const unwanted = selection.passOver(header);
    const isWithin = header.earliestMicros >= earliestMicros && header.latestMicros <= latestMicros;
    if (match === undefined && unwanted.length === 0 && isWithin) return 'all';
    return new BlockSelection(header.sequence, unwanted, selection, match ?? null);
  }

  private constructor(
    sequence: number,
    unwanted: readonly SequenceSpan[],
    selection: RecordSelection,
    match: BlockMatch | null,
  ) {
    this.#sequence = sequence;
    this.#unwanted = unwanted;
    this.#earliestMicros = selection.earliestMicros;
    this.#latestMicros = selection.latestMicros;
    this.#match = match;
  }

  /**
   * Whether a record may be wanted, judged without its metadata.
   *
   * @param index the record's index in its block
   */
  mayHave(index: number, timeMicros: number): boolean {
    if (timeMicros < this.#earliestMicros || timeMicros > this.#latestMicros) return false;
    const sequence = this.#sequence + index;
    return !this.#unwanted.some(({ begin, end }) => sequence >= begin && sequence < end);
  }

  /**
   * Whether the metadata of a record match.
   *
   * @param reader reads the body; its position changes
   * @param start where the record's metadata begin. They were checked before.
   */
  has(reader: VarintReader, body: Buffer, start: number, end: number): boolean {
    return this.#match?.matches(reader, body, start, end) ?? true;
  }
}
