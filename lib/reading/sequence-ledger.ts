import type { FrameHeader } from '../codec/version-2/frame-header.js';
import { ArchiveError } from '../errors/archive-error.js';
import type { SequenceGap } from '../series/opening/sequence-gap.js';

/** Sequences of one writer from `begin` up to, but without, `end`. */
interface SequenceRange {
  readonly begin: number;
  end: number;
}

export interface SequenceLedgerOptions {
  /** What to do with unread records that come after later records of their writer. */
  readonly whenLate: 'fail' | 'drop';
  /** Called if records are missing before a block. */
  readonly onGap: (gap: SequenceGap) => void;
}

/**
 * How many ranges are kept per writer. If there are more gaps than that, the oldest range is
 * forgotten.
 */
const MOST_RANGES = 1024;

/**
 * Remembers which sequences of each writer were read, so that each record is read once and in
 * order.
 */
export class SequenceLedger {
  /** By writer; ascending, with a gap between neighbours. */
  readonly #ranges = new Map<string, SequenceRange[]>();
  readonly #options: SequenceLedgerOptions;

  constructor(options: SequenceLedgerOptions) {
    this.#options = options;
  }

  /** Whether all records of a block, or of a run of blocks, were read already. */
  has({
    records,
    sequence,
    writer,
  }: Pick<FrameHeader, 'records' | 'sequence' | 'writer'>): boolean {
    const range = this.#rangeAt(writer, sequence);
    return range !== undefined && sequence + records <= range.end;
  }

  /**
   * How many records at the start of a block to skip, because they were read already or come too
   * late.
   *
   * @throws ArchiveError with the code `ERR_ARCHIVE_ORDER` for a late block with `whenLate: 'fail'`
   */
  passOver({ records, sequence, writer }: FrameHeader): number {
    const range = this.#rangeAt(writer, sequence);
    if (range !== undefined) return Math.min(records, range.end - sequence);
    const next = this.#ranges.get(writer)?.at(-1)?.end ?? 0;
    if (sequence >= next) return 0;
    if (this.#options.whenLate === 'drop') return records;
    throw new ArchiveError(
      'ERR_ARCHIVE_ORDER',
      `record ${sequence} of writer ${writer} comes after its record ${next - 1} in the order of ` +
        "names: read with order: 'time'",
    );
  }

  /** Called for each block that was read. */
  noteRead({ records, sequence, writer }: FrameHeader): void {
    const end = sequence + records;
    const ranges = this.#ranges.get(writer);
    const last = ranges?.at(-1);
    if (ranges === undefined || last === undefined) {
      // The series may begin anywhere: earlier records may be in archives that no pattern matches.
      this.#ranges.set(writer, [{ begin: sequence, end }]);
    } else if (sequence <= last.end) {
      last.end = Math.max(last.end, end);
    } else {
      ranges.push({ begin: sequence, end });
      if (ranges.length > MOST_RANGES) ranges.shift();
      this.#options.onGap({ writer, from: last.end, to: sequence });
    }
  }

  /** The range that contains `sequence`. */
  #rangeAt(writer: string, sequence: number): SequenceRange | undefined {
    const ranges = this.#ranges.get(writer) ?? [];
    const range = ranges.findLast(({ begin }) => begin <= sequence);
    return range !== undefined && sequence < range.end ? range : undefined;
  }
}
