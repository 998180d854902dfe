import type { RecordSelection } from '../../codec/version-2/block-selection.js';
import type { FrameHeader } from '../../codec/version-2/frame-header.js';
import type { SequenceRange } from '../sequences/sequence-ranges.js';
import type { IndexedRun } from './find-spans.js';

/** Selects a range of one writer's records. */
export class RangeSelection implements RecordSelection {
  readonly earliestMicros = Number.NEGATIVE_INFINITY;
  readonly latestMicros = Number.POSITIVE_INFINITY;
  readonly metadata = undefined;
  readonly #writer: string;
  readonly #range: SequenceRange;

  constructor(writer: string, range: SequenceRange) {
    this.#writer = writer;
    this.#range = range;
  }

  /** Whether a run that an index lists may hold any of the records. */
  mayHold({ end, records, sequence, writer }: IndexedRun): boolean {
    if (writer === undefined) return true;
    const { begin, end: rangeEnd } = this.#range;
    return writer === this.#writer && sequence < rangeEnd && (end ?? sequence + records) > begin;
  }

  passOver({ records, sequence, writer }: FrameHeader): SequenceRange[] {
    const { begin, end } = this.#range;
    const blockEnd = sequence + records;
    if (writer !== this.#writer || blockEnd <= begin || sequence >= end) {
      return [{ begin: sequence, end: blockEnd }];
    }
    const unwanted: SequenceRange[] = [];
    if (sequence < begin) unwanted.push({ begin: sequence, end: begin });
    if (end < blockEnd) unwanted.push({ begin: end, end: blockEnd });
    return unwanted;
  }

  noteRead(): void {
    // Nothing to remember.
  }
}
