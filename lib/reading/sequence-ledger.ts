import type { FrameHeader } from '../codec/version-2/frame-header.js';
import { ArchiveError } from '../errors/archive-error.js';
import type { SequenceGap } from '../series/opening/sequence-gap.js';

/** Records of a writer from one up to, but without, another. */
interface SequenceRange {
  readonly begin: number;
  end: number;
}

export interface SequenceLedgerOptions {
  /** What is done about records that come behind later ones of their writer, and were not read before. */
  readonly whenLate: 'fail' | 'drop';
  /** Told of records that are missing before a block that is read. */
  readonly onGap: (gap: SequenceGap) => void;
}

/** A writer with more holes than this in its sequence has the oldest of them forgotten. */
const MOST_RANGES = 1024;

/** What was read of each writer, so that no record is given twice or behind a later one. */
export class SequenceLedger {
  /** By writer, in order, with a hole between each and the next. */
  readonly #ranges = new Map<string, SequenceRange[]>();
  readonly #options: SequenceLedgerOptions;

  constructor(options: SequenceLedgerOptions) {
    this.#options = options;
  }

  /** Whether a block, or a run of blocks, was read already. */
  has({
    records,
    sequence,
    writer,
  }: Pick<FrameHeader, 'records' | 'sequence' | 'writer'>): boolean {
    const range = this.#rangeAt(writer, sequence);
    return range !== undefined && sequence + records <= range.end;
  }

  /**
   * How many records at the start of a block were read already: it can have been written twice.
   *
   * @throws ArchiveError with the code `ERR_ARCHIVE_ORDER` for a block that comes too late
   */
  passOver({ records, sequence, writer }: FrameHeader): number {
    const range = this.#rangeAt(writer, sequence);
    if (range !== undefined) return Math.min(records, range.end - sequence);
    const next = this.#ranges.get(writer)?.at(-1)?.end ?? 0;
    if (sequence >= next) return 0;
    if (this.#options.whenLate === 'drop') return records;
    throw new ArchiveError(
      'ERR_ARCHIVE_ORDER',
      `record ${sequence} of writer ${writer} comes behind its record ${next - 1} in the order of ` +
        "names: read with order: 'time'",
    );
  }

  /** The block is read. */
  heed({ records, sequence, writer }: FrameHeader): void {
    const end = sequence + records;
    const ranges = this.#ranges.get(writer);
    const last = ranges?.at(-1);
    if (ranges === undefined || last === undefined) {
      // A series may begin anywhere: what is before its first archive was not asked for.
      this.#ranges.set(writer, [{ begin: sequence, end }]);
    } else if (sequence <= last.end) {
      last.end = Math.max(last.end, end);
    } else {
      ranges.push({ begin: sequence, end });
      if (ranges.length > MOST_RANGES) ranges.shift();
      this.#options.onGap({ writer, from: last.end, to: sequence });
    }
  }

  /** The range that `sequence` is in. */
  #rangeAt(writer: string, sequence: number): SequenceRange | undefined {
    const ranges = this.#ranges.get(writer) ?? [];
    const range = ranges.findLast(({ begin }) => begin <= sequence);
    return range !== undefined && sequence < range.end ? range : undefined;
  }
}
