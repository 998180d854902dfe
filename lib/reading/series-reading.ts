import { basename } from 'node:path';

import type { ArchiveRecord } from '../codec/records/archive-record.js';
import { type FrameHeader, followsGap } from '../codec/version-2/frame-header.js';
import { ArchiveError } from '../errors/archive-error.js';
import type { SequenceConflict } from '../errors/conflict-error.js';
import type { FoundArchive } from '../series/opening/found-archive.js';
import type { SequenceGap } from '../series/opening/sequence-gap.js';
import { publish, type ReadDiagnostics } from '../streams/diagnostics.js';
import { ArchiveProgress } from './archives/archive-progress.js';
import { findConflict } from './archives/find-conflict.js';
import type { IndexedRun, SpanOptions } from './archives/find-spans.js';
import { type ReadArchiveOptions, readArchive } from './archives/read-archive.js';
import { PositionTracker } from './cursors/position-tracker.js';
import type { ReadSettings } from './rolling-read-options.js';
import { type LateRecords, SequenceLedger } from './sequences/sequence-ledger.js';
import { isAnyTime, SeriesSelection } from './series-selection.js';

export interface SeriesReadingOptions extends ReadSettings, ReadArchiveOptions {
  readonly onGap: (gap: SequenceGap) => void;
  readonly onLate: (late: LateRecords) => void;
  /** An error that it throws ends the read. */
  readonly onConflict: (conflict: SequenceConflict) => void;
}

/** The first record after records of its writer that are missing. */
export type MissingRecord = Pick<FrameHeader, 'sequence' | 'writer'>;

/** An archive holds records whose predecessors were not read yet. */
export class RecordsMissingError extends Error {
  readonly record: MissingRecord;

  constructor(record: MissingRecord) {
    super(`records before record ${record.sequence} of writer ${record.writer} are missing`);
    this.record = record;
  }
}

/** How an archive is read. */
export interface ReadManner {
  /** An error to throw if it holds records that were not read before. @default none */
  readonly misplaced?: Error | undefined;
  /** How far it was read before it has grown. @default not at all */
  readonly progress?: ArchiveProgress;
  /** Whether it may hold records that were read from another archive. @default false */
  readonly mayRepeat?: boolean;
  /**
   * Whether a read of this archive was broken off, and continues: only what was not read yet is.
   * Only for archives whose records have sequences. @default false
   */
  readonly again?: boolean;
  /** Whether to wait for the records that are missing before a block. @default never */
  readonly waitsFor?: ((header: FrameHeader) => boolean) | undefined;
}

/** How many archives are compared with an archive that overlaps them. */
const MOST_COMPARED = 256;

/** Wanted records of an archive, not emitted yet. */
export interface ReadBatch {
  readonly records: ArchiveRecord[];
  readonly progress: ArchiveProgress;
}

/**
 * Reads the archives of a series, in the order in which it is given them or several in turns, and
 * yields each wanted record once.
 */
export class SeriesReading {
  readonly #options: SeriesReadingOptions;
  readonly #ledger: SequenceLedger;
  readonly #selection: SeriesSelection;
  readonly #tracker: PositionTracker;
  readonly #namesRead = new Set<string>();
  readonly #pathsRead = new Set<string>();
  /** The archives that were read, by the numbers that the ledger knows them by. */
  readonly #read: FoundArchive[] = [];
  readonly #numbersRead = new WeakMap<FoundArchive, number>();
  readonly #numbers = new WeakMap<ArchiveProgress, number>();

  /** @param isByName whether the order is that of names, so that records must not come late */
  constructor(isByName: boolean, options: SeriesReadingOptions) {
    this.#options = options;
    this.#ledger = createLedger(isByName, options);
    this.#selection = new SeriesSelection(options.wanted, this.#ledger);
    this.#tracker = new PositionTracker(options.after);
  }

  /** Whether all records of a writer before `sequence` were read, or those before them. */
  hasReached({ sequence, writer }: MissingRecord): boolean {
    return (this.#ledger.endOf(writer) ?? 0) >= sequence;
  }

  /** Whether no record of a writer was decoded after this one. */
  isLast({ sequence, writer }: Pick<ArchiveRecord, 'sequence' | 'writer'>): boolean {
    return writer !== undefined && this.#ledger.endOf(writer) === (sequence ?? 0) + 1;
  }

  /** Expects an archive without sequences that was read to be found again at another place. */
  expectAgain(progress: ArchiveProgress): void {
    this.#tracker.expectAgain(progress);
  }

  /**
   * Yields the wanted records of an archive, in arrays that are not empty.
   *
   * @throws RecordsMissingError if records are missing before a block for which `waitsFor` is true
   */
  async *read(archive: FoundArchive, manner?: ReadManner): AsyncGenerator<ArchiveRecord[]> {
    for await (const { progress, records } of this.batches(archive, manner)) {
      this.link(records, progress);
      yield records;
    }
  }

  /**
   * As `read`, for a caller that reads other archives in between, and links records when it emits
   * them.
   */
  async *batches(archive: FoundArchive, manner: ReadManner = {}): AsyncGenerator<ReadBatch> {
    const { again = false, mayRepeat = false, misplaced, waitsFor } = manner;
    const { progress = new ArchiveProgress() } = manner;
    const name = basename(archive.path);
    const known = again ? this.#numbersRead.get(archive) : undefined;
    if (known !== undefined) this.#numbers.set(progress, known);
    const seek = this.#seekIn(archive, mayRepeat || this.#namesRead.has(name), again);
    this.#namesRead.add(name);
    this.#selection.onBlock = waitsFor && ((header) => this.#checkMissing(header, waitsFor));
    const options: ReadArchiveOptions = {
      ...this.#options,
      begin: (path) => this.#begin(archive, path, progress, misplaced),
      onSkippedRun: (run) => this.#ledger.noteSkipped(run),
      mayGrow: this.#options.follow,
    };
    this.#tracker.beginArchive(progress);
    for await (const batch of readArchive(archive, this.#selection, options, seek, progress)) {
      const records = this.#selection.filter(this.#tracker.leaveOutRead(batch));
      if (records.length > 0) {
        publish('read', () => readMessage(progress.path, records));
        yield { records, progress };
      }
      const number = this.#numbers.get(progress);
      if (number !== undefined) this.#ledger.beginArchive(progress.path, misplaced, number);
      this.#tracker.beginArchive(progress);
    }
    await this.#compareOverlaps();
  }

  /** Gives records their position in the series. Call this when they are emitted, in order. */
  link(records: readonly ArchiveRecord[], progress: ArchiveProgress): void {
    this.#tracker.beginArchive(progress);
    this.#tracker.link(records);
  }

  #checkMissing(header: FrameHeader, waitsFor: (header: FrameHeader) => boolean): void {
    const { sequence, writer } = header;
    const end = this.#ledger.endOf(writer);
    const isGap = end !== undefined && sequence > end && !followsGap(header);
    const isMissing = isAnyTime(this.#selection) && isGap;
    if (isMissing && waitsFor(header)) throw new RecordsMissingError({ sequence, writer });
  }

  #begin(
    archive: FoundArchive,
    path: string,
    progress: ArchiveProgress,
    misplaced: Error | undefined,
  ): 'read' | 'skip' {
    const { follow } = this.#options;
    // An archive that was followed to where it is now may be listed there as well.
    const known = this.#numbers.get(progress);
    if (!follow && known === undefined && this.#pathsRead.has(path)) return 'skip';
    this.#pathsRead.add(path);
    const number = this.#ledger.beginArchive(path, misplaced, known);
    this.#numbers.set(progress, number);
    this.#read[number] = archive;
    this.#numbersRead.set(archive, number);
    return 'read';
  }

  /**
   * Reports records that archives have with the same identities, if they differ, or if there are
   * too many archives to compare.
   */
  async #compareOverlaps(): Promise<void> {
    for (const [i, overlap] of this.#ledger.takeOverlaps().entries()) {
      const [other, archive] = [this.#read[overlap.first], this.#read[overlap.second]];
      if (archive === undefined || other === undefined) continue;
      const { begin: from, end: to, writer } = overlap;
      const conflict =
        i < MOST_COMPARED
          ? await findConflict(archive, other, overlap, this.#options)
          : { writer, from, to, archive: archive.path, other: other.path };
      if (conflict !== null) this.#options.onConflict(conflict);
    }
  }

  /** Which blocks of an archive to read; undefined if it is read whole. */
  #seekIn(archive: FoundArchive, isNameRead: boolean, again: boolean): SpanOptions | undefined {
    const selection = this.#selection;
    const { metadata } = selection;
    const isWanted = (run: IndexedRun) => selection.hasAnyOf(run);
    if (!isAnyTime(selection)) return { isWanted, metadata, whenUntimed: 'read it' };
    if (again || this.#options.after.writers.length > 0) {
      return { isWanted, metadata, whenUntimed: 'read all', leastBytes: 0 };
    }
    if (metadata !== undefined) return { isWanted, metadata, whenUntimed: 'read all' };
    // An object with the name of an archive that was read is mostly its copy, so fetch only what is
    // new.
    if ((archive.isStored || this.#options.follow) && isNameRead)
      return { isWanted, whenUntimed: 'read all' };
    return undefined;
  }
}

function readMessage(archive: string, records: readonly ArchiveRecord[]): ReadDiagnostics {
  const bytes = records.reduce((sum, { payload }) => sum + payload.length, 0);
  return { archive, records: records.length, bytes };
}

function createLedger(
  isByName: boolean,
  { after, onGap, onLate, wanted }: SeriesReadingOptions,
): SequenceLedger {
  const ledger = new SequenceLedger({
    whenLate: isByName ? 'fail' : 'read',
    // With a range of times, blocks outside of it are skipped, so a gap would not mean a loss.
    onGap: isAnyTime(wanted) ? onGap : () => undefined,
    onLate,
    onForgotten: () => {
      const message = 'archives have more than 1,048,576 writers: read fewer of them at a time';
      throw new ArchiveError('ERR_TOO_MANY_WRITERS', message);
    },
  });
  for (const { next, writer } of after.writers) ledger.passAll(writer, next);
  return ledger;
}
