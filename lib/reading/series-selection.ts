import type { ArchiveRecord } from '../codec/records/archive-record.js';
import {
  areFew,
  type RecordSelection,
  type SequenceSpan,
} from '../codec/version-2/block-selection.js';
import type { FrameHeader } from '../codec/version-2/frame-header.js';
import type { MetadataMatch } from '../codec/version-2/metadata-match.js';
import type { IndexedRun } from './archives/find-spans.js';
import type { SequenceLedger } from './sequences/sequence-ledger.js';

/** The records that a reader wants. Times are µs since the epoch, inclusive. */
export interface WantedRecords {
  readonly earliestMicros: number;
  readonly latestMicros: number;
  readonly metadata: MetadataMatch | undefined;
  readonly where: ((record: ArchiveRecord) => boolean) | undefined;
}

/** Whether records of any time, and records without a time, are wanted. */
export function isAnyTime(wanted: Pick<WantedRecords, 'earliestMicros' | 'latestMicros'>): boolean {
  return !Number.isFinite(wanted.earliestMicros) && !Number.isFinite(wanted.latestMicros);
}

/**
 * Selects the wanted records of a series, each once. It acts three times: on the runs that an index
 * lists (`hasAnyOf`), on the header of each block before it is opened (`passOver`), and on decoded
 * records (`filter`).
 */
export class SeriesSelection implements RecordSelection {
  readonly earliestMicros: number;
  readonly latestMicros: number;
  readonly metadata: MetadataMatch | undefined;
  readonly #where: ((record: ArchiveRecord) => boolean) | undefined;
  readonly #ledger: SequenceLedger;
  /** Called for each block before it is opened or passed over; what it throws ends the read. */
  onBlock: ((header: FrameHeader) => void) | undefined;

  constructor(wanted: WantedRecords, ledger: SequenceLedger) {
    this.earliestMicros = wanted.earliestMicros;
    this.latestMicros = wanted.latestMicros;
    this.metadata = wanted.metadata;
    this.#where = wanted.where;
    this.#ledger = ledger;
  }

  passOver(header: FrameHeader): readonly SequenceSpan[] {
    this.onBlock?.(header);
    if (this.#isWithin(header)) return this.#ledger.passOver(header);
    return [{ begin: header.sequence, end: header.sequence + header.records }];
  }

  noteRead(header: FrameHeader): void {
    if (this.#isWithin(header)) this.#ledger.noteRead(header);
  }

  /** Whether any record of a run that an index lists may be wanted. */
  hasAnyOf(run: IndexedRun): boolean {
    if (!this.#isWithin(run)) return false;
    const { writer } = run;
    return writer === undefined || !this.#ledger.has({ ...run, writer });
  }

  /** Those of the decoder's records that are wanted: the same array if all are. */
  filter(records: ArchiveRecord[]): ArchiveRecord[] {
    const wanted = records.filter((record) => this.#isWanted(record));
    const candidates = wanted.length < records.length ? wanted : records;
    const where = this.#where;
    if (where === undefined) return candidates;
    const kept = candidates.filter((record) => where(record));
    return areFew(kept.length, records.length) ? kept.map((record) => record.copy()) : kept;
  }

  /**
   * The decoder has already selected records that have a sequence; the others have no time either.
   */
  #isWanted(record: ArchiveRecord): boolean {
    if (record.sequence !== undefined) return true;
    return isAnyTime(this) && (this.metadata?.matches(record.rawMetadata()) ?? true);
  }

  #isWithin(times: Pick<FrameHeader, 'earliestMicros' | 'latestMicros'>): boolean {
    return times.latestMicros >= this.earliestMicros && times.earliestMicros <= this.latestMicros;
  }
}
